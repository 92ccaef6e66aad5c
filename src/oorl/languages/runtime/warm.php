// The end of the driver for a warm parent: a sample of what is to come, then the programs.
foreach ([['int'], ['float'], ['bool'], ['str']] as $kind)
    foreach ([1, 1.5, true, 'x', null] as $sample)
        try { one_line(new \Exception(encode($kind, $sample))); } catch (\TypeError $error) { one_line($error); }
encode(['list', ['optional', ['int']]], [1, null]);
encode(['map', ['str'], ['float']], ['a' => 1.5]);
unset($kind, $sample, $error);
function finish() { native()->_exit(0); }
function native() {
    static $library = null;
    return $library ??= \FFI::cdef(
        'char *oorl_serve(size_t *size, void *renew); void free(char *job); void _exit(int code);',
        '/prepared/php-warm/warm.so');
}
function serve() {
    $size = native()->new('size_t');
    native()->free(native()->oorl_serve(\FFI::addr($size), null));
    [$_SERVER['REQUEST_TIME_FLOAT'], $_SERVER['REQUEST_TIME']] = [\microtime(true), \time()];
}
serve();
$argv = $_SERVER['argv'] = ['/job/main.php'];
foreach (['PHP_SELF', 'SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_TRANSLATED'] as $name)
    $_SERVER[$name] = '/job/main.php';
unset($name);
require '/job/main.php';
