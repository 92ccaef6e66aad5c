# The end of the driver for a warm parent: a sample of what is to come, then the programs.
use warnings; no warnings;
use utf8; no utf8;
use feature ();
use integer; no integer;
for my $kind (['int'], ['float'], ['bool'], ['str']) {
    for my $sample (1, 1.5, '', 'x') { eval { one_line(encode($kind, $sample)) } }
}
encode(['list', ['optional', ['int']]], [1, undef]);
encode(['map', ['str'], ['float']], { a => 1.5 });
eval 'package main; sub oorl_sample { my ($x) = @_; my @y = sort grep { $_ % 2 == 0 } @$x; return "@y" }';
main::oorl_sample([1, 2]);
undef &main::oorl_sample;
delete $main::{oorl_sample};
require DynaLoader;
my $library = DynaLoader::dl_load_file('/prepared/perl-warm/warm.so', 0) or die DynaLoader::dl_error();
for my $name ('serve', 'exit') {
    my $symbol = DynaLoader::dl_find_symbol($library, "oorl_perl_$name") or die DynaLoader::dl_error();
    DynaLoader::dl_install_xsub("oorl_driver::native_$name", $symbol);
}
sub serve { native_serve(); return }
sub finish { native_exit() }
serve();
$^T = time;
do '/job/cases.pl';
die $@ if $@;
