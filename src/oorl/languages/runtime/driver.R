local({
  channel <- NULL
  leave <- base::quit; put <- base::writeBin; push <- base::flush; bytes <- base::charToRaw
  write <- function(...) { put(bytes(paste0(paste(..., sep = "\t"), "\n")), channel); push(channel) }
  one_line <- function(error) {
    text <- tryCatch(conditionMessage(error), error = function(e) "an unprintable error")
    substr(gsub("[[:space:]]+", " ", iconv(text, "UTF-8", "ASCII", sub = "?")), 1, 500)
  }
  quoted <- function(text) {
    points <- utf8ToInt(enc2utf8(text))
    if (length(points) == 0) return('""')
    if (anyNA(points)) stop("a string is not UTF-8")
    chars <- ifelse(points == 34L | points == 92L, paste0("\\", intToUtf8(points, TRUE)),
      ifelse(points < 32L, sprintf("\\u%04x", points), intToUtf8(points, TRUE)))
    paste0('"', paste(chars, collapse = ""), '"')
  }
  wrong <- function(kind, v) stop(kind, " expected, got ", class(v)[1], " of length ", length(v))
  scalars <- function(kind, v) {  # a vector of one type, encoded at once
    if (kind == "int" && is.numeric(v) && all(is.finite(v)) && all(v == trunc(v))) return(sprintf("%.0f", v + 0))
    if (kind == "float" && is.numeric(v) && !any(is.na(v) & !is.nan(v)))
      return(ifelse(is.nan(v), "NaN", ifelse(is.infinite(v), ifelse(v > 0, "Infinity", "-Infinity"),
        sprintf("%.17g", v + 0))))
    if (kind == "bool" && is.logical(v) && !anyNA(v)) return(ifelse(v, "true", "false"))
    if (kind == "str" && is.character(v) && !anyNA(v)) return(vapply(v, quoted, "", USE.NAMES = FALSE))
    wrong(kind, v)
  }
  each <- function(kind, v) {
    if (!is.list(v) && length(kind) == 1) return(scalars(kind[[1]], as.vector(v)))
    vapply(seq_along(v), function(i) encode(kind, v[[i]]), "")
  }
  keys <- function(kind, names) {
    if (kind == "str") return(vapply(names, quoted, "", USE.NAMES = FALSE))
    if (kind == "bool" && all(names %in% c("TRUE", "FALSE"))) return(tolower(names))
    if (kind == "int" && all(grepl("^-?[0-9]+$", names))) return(names)
    stop("a name is not a key of type ", kind)
  }
  encode <- function(kind, v) {
    first <- kind[[1]]
    if (first == "optional") return(if (is.null(v)) "null" else encode(kind[[2]], v))
    if (first == "list") {
      if (!is.null(v) && (is.factor(v) || !is.vector(v) && is.null(dim(v)))) wrong("list", v)
      if (length(v) == 0) return("[]")
      return(paste0("[", paste(each(kind[[2]], v), collapse = ","), "]"))
    }
    if (first == "map") {
      if (is.environment(v)) v <- as.list(v, all.names = TRUE)
      if (length(v) == 0 && (is.null(v) || is.vector(v))) return("[]")
      if (!is.vector(v) || is.null(names(v))) wrong("map", v)
      return(paste0("[", paste0("[", keys(kind[[2]][[1]], names(v)), ",", each(kind[[3]], v), "]",
                                collapse = ","), "]"))
    }
    if (is.list(v) || length(v) != 1) wrong(first, v)
    scalars(first, as.vector(v))
  }
  run <- function(name, returns, cases) {
    channel <<- file("/dev/fd/3", "wb")
    parsed <- tryCatch(parse("/job/candidate.R", keep.source = FALSE, encoding = "UTF-8"), error = function(e) {
      write("C", one_line(e)); leave("no", 0, FALSE) })
    candidate <- tryCatch({ eval(parsed, globalenv()); get(name, globalenv(), mode = "function") },
      error = function(e) { write("L", one_line(e)); leave("no", 0, FALSE) })
    for (index in seq_along(cases)) {
      state <- new.env()
      state$value <- NULL
      good <- tryCatch({ state$value <- do.call(candidate, cases[[index]](), quote = TRUE); TRUE },
        error = function(e) { write("!", index - 1L, one_line(e)); FALSE })
      if (good) tryCatch(write("=", index - 1L, encode(returns, state$value)),
        error = function(e) write("?", index - 1L, one_line(e)))
    }
    leave("no", 0, FALSE)
  }
  options(warn = -1, expressions = 500000)
