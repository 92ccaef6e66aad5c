#lang racket/base
; Compiles and loads the candidate's module, calls its function on each case, sends the records.
; Compiled once per machine. What the candidate's module defines is not visible here.
(define spec (call-with-input-file "/job/spec" read)) ; (name result-type parameter-type ...)
(define out (open-output-file "/dev/fd/3" #:exists 'append))

(define (send tag . fields)
  (define text (open-output-string))
  (write-string tag text)
  (for ([field (in-list fields)]) (write-char #\tab text) (write-string field text))
  (newline text)
  (write-bytes (get-output-bytes text) out)
  (flush-output out))
(define (message error)
  (define text (with-handlers ([void (lambda (_) "an unprintable exception")])
                 (if (exn? error) (exn-message error) (format "raised ~s" error))))
  (list->string (for/list ([c (in-string text 0 (min 500 (string-length text)))])
                  (if (char<=? #\space c #\~) c #\space))))
(define (failed tag) (lambda (error) (send tag (message error)) (end 0)))
(define end (let ([original (exit-handler)])
              (lambda (code) (flush-output (current-output-port)) (original code))))

; Inputs
(define data (call-with-input-file "/job/input" (lambda (in) (read-bytes (file-size "/job/input") in))))
(define at 0)
(define (blank? i) (memv (bytes-ref data i) '(32 10)))
(define (token)
  (let loop () (when (blank? at) (set! at (add1 at)) (loop)))
  (define from at)
  (let loop () (unless (blank? at) (set! at (add1 at)) (loop)))
  (bytes->string/latin-1 (subbytes data from at)))
(define (int) (string->number (token)))
(define (get type)
  (case (car type)
    [(int) (int)]
    [(float) (let ([text (token)])
               (cond [(equal? text "nan") +nan.0] [(equal? text "inf") +inf.0]
                     [(equal? text "-inf") -inf.0] [else (exact->inexact (string->number text))]))]
    [(bool) (equal? (token) "1")]
    [(str) (let* ([n (int)] [from (add1 at)])
             (set! at (+ from n))
             (string->immutable-string (bytes->string/utf-8 (subbytes data from at) #\?)))]
    [(list) (for/list ([_ (in-range (int))]) (get (cadr type)))]
    [(map) (for/fold ([made (hash)]) ([_ (in-range (int))])
             (let ([key (get (cadr type))]) (hash-set made key (get (caddr type)))))]
    [else (and (= (int) 1) (get (cadr type)))]))

; Results
(struct unlike (value))
(define (put type v text)
  (define (write* s) (write-string s text))
  (define (items open close these put-item)
    (write* open)
    (for ([item these] [i (in-naturals)]) (unless (zero? i) (write* ",")) (put-item item))
    (write* close))
  (define (check good) (unless good (raise (unlike v))))
  (case (car type)
    [(int) (check (exact-integer? v)) (write* (number->string v))]
    [(float) (check (real? v)) (let ([x (real->double-flonum v)])
               (write* (cond [(not (= x x)) "NaN"] [(= x +inf.0) "Infinity"] [(= x -inf.0) "-Infinity"]
                             [else (number->string x)])))]
    [(bool) (check (boolean? v)) (write* (if v "true" "false"))]
    [(str) (check (string? v)) (quoted v text)]
    [(list) (check (list? v)) (items "[" "]" (in-list v) (lambda (x) (put (cadr type) x text)))]
    [(map) (check (hash? v))
           (items "[" "]" (in-list (hash->list v))
                  (lambda (pair)
                    (write* "[") (put (cadr type) (car pair) text) (write* ",")
                    (put (caddr type) (cdr pair) text) (write* "]")))]
    [else (if v (put (cadr type) v text) (write* "null"))]))
(define (quoted v text)
  (write-char #\" text)
  (for ([c (in-string v)])
    (cond [(memv c '(#\" #\\)) (write-char #\\ text) (write-char c text)]
          [(char<? c #\space) (write-string "\\u" text)
                              (write-string (substring (number->string (+ #x10000 (char->integer c)) 16) 1) text)]
          [else (write-char c text)]))
  (write-char #\" text))

(define (load-candidate)
  (define path "/job/candidate.rkt")
  (define compiled
    (with-handlers ([void (failed "C")])
      (parameterize ([read-accept-reader #t] [read-accept-lang #t])
        (define form (call-with-input-file path (lambda (in) (port-count-lines! in) (read-syntax "candidate.rkt" in))))
        (compile (namespace-syntax-introduce form)))))
  (with-handlers ([void (failed "L")])
    (parameterize ([current-module-declare-name (make-resolved-module-path 'oorl-candidate)])
      (eval compiled))
    (dynamic-require ''oorl-candidate (car spec))))

(define (answer i f)
  (define text (open-output-string))
  (define arguments (map get (cddr spec)))
  (with-handlers ([unlike? (lambda (u) (send "?" (number->string i) (message (unlike-value u))))]
                  [(lambda (error) (not (exn:break? error)))
                   (lambda (error) (send "!" (number->string i) (message error)))])
    (define value (apply f arguments))
    (put (cadr spec) value text)
    (send "=" (number->string i) (get-output-string text))))

(current-namespace (make-base-empty-namespace))
(namespace-require ''#%kernel)
(let ([f (load-candidate)])
  (for ([i (in-range (int))]) (answer i f))
  (end 0))
