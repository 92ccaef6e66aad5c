// What candidates use most, used once ahead of them, in a namespace of its own and in functions that
// nobody calls: in the precompiled header, so that the templates behind it are instantiated there, and in
// start.cpp, so that a warm compiler has their declarations at hand. No trace of it gets into a program.
#define SAMPLE_VECTOR(Name, ...) static void Name() { \
  using Item = __VA_ARGS__; \
  Item item{}; \
  using namespace std; \
  vector<Item> items, filled(3), other(3, item), listed{item, item}; \
  const vector<Item> copy(items); \
  items = copy; \
  items = move(other); \
  items.push_back(item); \
  items.push_back(move(item)); \
  items.emplace_back(item); \
  items.insert(items.begin(), item); \
  items.insert(items.end(), copy.begin(), copy.end()); \
  items.erase(items.begin()); \
  items.resize(2); \
  items.resize(2, item); \
  items.assign(2, item); \
  items.reserve(items.size() + items.empty()); \
  items.front() = items.back(); \
  items[0] = items.at(0); \
  for (const auto& one : copy) item = one; \
  for (auto& one : items) one = item; \
  for (auto one : items) item = one; \
  for (size_t i = 0; i < copy.size(); i++) swap(items[i], items[0]); \
  items.pop_back(); \
  items.clear(); \
  if (items == copy) return; \
}
#define SAMPLE_SORTING(Name, ...) static void Name() { \
  using Item = __VA_ARGS__; \
  std::vector<Item> items; \
  using namespace std; \
  sort(items.begin(), items.end()); \
  sort(items.rbegin(), items.rend()); \
  sort(items.begin(), items.end(), greater<Item>()); \
  reverse(items.begin(), items.end()); \
  items.erase(unique(items.begin(), items.end()), items.end()); \
  Item item = max(*max_element(items.begin(), items.end()), *min_element(items.begin(), items.end())); \
  if (find(items.begin(), items.end(), item) == items.end() && count(items.begin(), items.end(), item)) return; \
  set<Item> kept(items.begin(), items.end()); \
  unordered_set<Item> seen; \
  kept.insert(item); \
  seen.insert(item); \
  kept.erase(item); \
  if (kept.count(item) + seen.count(item) + kept.size() + seen.size() > 9) return; \
  for (const auto& one : kept) item = one; \
  if (kept.find(item) != kept.end() && seen.find(item) != seen.end()) return; \
  queue<Item> waiting; \
  stack<Item> piled; \
  deque<Item> both; \
  priority_queue<Item> best; \
  waiting.push(item); piled.push(item); both.push_back(item); both.push_front(item); best.push(item); \
  item = waiting.front(); item = piled.top(); item = both.front(); item = best.top(); \
  waiting.pop(); piled.pop(); both.pop_front(); both.pop_back(); best.pop(); \
  if (waiting.empty() + piled.empty() + both.empty() + best.empty() + both.size() > 9) return; \
}
#define SAMPLE_MAP(Name, ...) static void Name() { \
  using Map = __VA_ARGS__; \
  Map::key_type key{}; \
  Map::mapped_type item{}; \
  using namespace std; \
  Map counts; \
  Map copy(counts); \
  counts = copy; \
  counts[key] = item; \
  item = counts[key]; \
  counts.insert({key, item}); \
  counts.emplace(key, item); \
  if (counts.find(key) != counts.end() || counts.count(key) || counts.empty()) counts.erase(key); \
  auto found = counts.find(key); \
  if (found != counts.end()) item = found->second; \
  for (auto& [name, value] : counts) value = item; \
  for (const auto& [name, value] : copy) item = value; \
  for (const auto& one : copy) { key = one.first; item = one.second; } \
  for (auto one : counts) item = one.second; \
  item = counts.at(key); \
  if (counts.size() > 9 || counts == copy) return; \
}
static void sample_text(std::string text) {
  using namespace std;
  string other = text + "x", more("x"), same(3, 'x'), empty;
  const string& fixed = other;
  text += other; text += 'x'; text += "x"; text = 'x' + text; text = text + 'x'; text = other + text;
  text.push_back('x'); text.pop_back(); text.append(other); text.insert(0, "x"); text.erase(0, 1);
  text = text.substr(0, 1) + text.substr(1);
  if (text == other || text == "x" || text != other || text < other || text.empty()) return;
  if (text.find("x") != string::npos || text.find('x') == string::npos || text.find(other)) return;
  for (char c : text) if (isalpha(c) || isdigit(c) || isspace(c) || isupper(c)) other += tolower(c) + toupper(c);
  for (const char& c : fixed) other += c;
  for (char& c : text) c = 'x';
  for (size_t i = 0; i < fixed.length(); i++) text[i] = fixed[i];
  sort(text.begin(), text.end());
  reverse(text.begin(), text.end());
  transform(text.begin(), text.end(), text.begin(), ::tolower);
  text = to_string(stoi(text) + stoll(text)) + to_string(stod(text)) + string(text.rbegin(), text.rend());
  stringstream words(text);
  string word;
  while (words >> word) other += word;
  while (getline(words, word, ',')) other += word;
  ostringstream out;
  out << 1 << 'x' << "x" << text << 1.5 << 1LL << endl;
  other = out.str();
  cout << 1 << " " << 1LL << 1.5 << 'x' << text << "\n" << endl;
  int number;
  long long large;
  double real;
  cin >> number >> large >> real >> text;
  if (!getline(cin, text)) throw runtime_error(text);
  throw invalid_argument("x");
}
static double sample_numbers(std::vector<long long> large, std::vector<int> small, std::vector<double> real) {
  using namespace std;
  long long total = accumulate(large.begin(), large.end(), 0LL) + accumulate(small.begin(), small.end(), 0);
  total += max(1, small[0]) + min(1LL, large[0]) + abs(small[0]) + llabs(large[0]) + gcd(1LL, 2LL);
  total += max({1, 2}) + min({1LL, 2LL}) + abs(total) + numeric_limits<int>::max() + INT_MAX;
  pair<int, int> both = make_pair(1, 2);
  tuple<int, int, int> three = make_tuple(1, 2, 3);
  optional<long long> none, some = 1LL;
  none = nullopt;
  if (some.has_value() && some && *some == some.value()) total += get<0>(three) + both.first;
  auto owned = make_unique<int>(1);
  auto shared = make_shared<int>(1);
  return sqrt(real[0]) + pow(real[0], 2) + floor(real[0]) + fabs(real[0]) + round(real[0]) + *owned + *shared
    + ceil(real[0]) + accumulate(real.begin(), real.end(), 0.0) + max(1.0, real[0]);
}
SAMPLE_VECTOR(v1, int) SAMPLE_VECTOR(v2, long long) SAMPLE_VECTOR(v3, double) SAMPLE_VECTOR(v4, std::string)
SAMPLE_VECTOR(v5, char) SAMPLE_VECTOR(v6, std::vector<int>) SAMPLE_VECTOR(v7, std::vector<long long>)
SAMPLE_VECTOR(v8, std::pair<int, int>) SAMPLE_VECTOR(v9, std::vector<std::string>)
SAMPLE_SORTING(s1, int) SAMPLE_SORTING(s2, long long) SAMPLE_SORTING(s3, std::string)
SAMPLE_MAP(m1, std::map<std::string, long long>) SAMPLE_MAP(m2, std::map<long long, long long>)
SAMPLE_MAP(m3, std::map<std::string, int>) SAMPLE_MAP(m4, std::map<int, int>) SAMPLE_MAP(m5, std::map<char, int>)
SAMPLE_MAP(m6, std::unordered_map<std::string, int>) SAMPLE_MAP(m7, std::unordered_map<int, int>)
SAMPLE_MAP(m8, std::unordered_map<long long, long long>) SAMPLE_MAP(m9, std::unordered_map<char, int>)
SAMPLE_MAP(m10, std::unordered_map<std::string, long long>)
#undef SAMPLE_VECTOR
#undef SAMPLE_SORTING
#undef SAMPLE_MAP
