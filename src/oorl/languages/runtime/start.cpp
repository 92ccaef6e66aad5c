// What a warm compiler reads before the candidate.
namespace oorl_start {
#include "sample.h"
#include "sample_driver.h"
}
#include "/job/main.cpp"
