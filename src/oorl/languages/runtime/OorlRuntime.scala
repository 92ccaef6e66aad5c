// Reads the inputs and writes the records of a Scala program.
import java.io.{FileInputStream, FileOutputStream}

abstract class OorlType[T] {
  def get(): T
  def put(v: T): Unit
}

object OorlRuntime {
  private val data: Array[Byte] = {
    val in = new FileInputStream("/job/input")
    val out = new java.io.ByteArrayOutputStream
    val buffer = new Array[Byte](65536)
    var n = in.read(buffer)
    while (n > 0) { out.write(buffer, 0, n); n = in.read(buffer) }
    out.toByteArray
  }
  private val out = new FileOutputStream("/dev/fd/3")
  private val b = new java.lang.StringBuilder
  private var at = 0
  private var cases = -1
  private var current = -1

  private def token(): String = {
    while (data(at) == ' ' || data(at) == '\n') at += 1
    val from = at
    while (data(at) != ' ' && data(at) != '\n') at += 1
    new String(data, from, at - from, "ISO-8859-1")
  }
  private def count(): Int = Integer.parseInt(token())

  object Int extends OorlType[Long] {
    def get() = java.lang.Long.parseLong(token())
    def put(v: Long): Unit = b.append(v)
  }
  object Bool extends OorlType[Boolean] {
    def get() = token() == "1"
    def put(v: Boolean): Unit = b.append(v)
  }
  object Float extends OorlType[Double] {
    def get() = token() match {
      case "nan" => java.lang.Double.NaN
      case "inf" => java.lang.Double.POSITIVE_INFINITY
      case "-inf" => java.lang.Double.NEGATIVE_INFINITY
      case t => java.lang.Double.parseDouble(t)
    }
    def put(v: Double): Unit = b.append(v)
  }
  object Str extends OorlType[String] {
    def get() = {
      val n = count()
      val from = at + 1
      at = from + n
      new String(data, from, n, "UTF-8")
    }
    def put(v: String): Unit = {
      b.append('"')
      var i = 0
      while (i < v.length) {
        val c = v.charAt(i)
        if (c == '"' || c == '\\') b.append('\\').append(c)
        else if (c < 32 || c > 126) {
          val hex = Integer.toHexString(c)
          b.append("\\u").append("0000", 0, 4 - hex.length).append(hex)
        } else b.append(c)
        i += 1
      }
      b.append('"')
    }
  }
  class List[T](item: OorlType[T]) extends OorlType[scala.collection.immutable.List[T]] {
    def get() = {
      val made = scala.collection.immutable.List.newBuilder[T]
      var n = count()
      while (n > 0) { made += item.get(); n -= 1 }
      made.result()
    }
    def put(v: scala.collection.immutable.List[T]): Unit = {
      var rest = v
      b.append('[')
      while (!rest.isEmpty) { item.put(rest.head); rest = rest.tail; if (!rest.isEmpty) b.append(',') }
      b.append(']')
    }
  }
  class Map[K, V](key: OorlType[K], value: OorlType[V]) extends OorlType[scala.collection.immutable.Map[K, V]] {
    def get() = {
      var made = scala.collection.immutable.Map.empty[K, V]
      var n = count()
      while (n > 0) { val k = key.get(); made = made.updated(k, value.get()); n -= 1 }
      made
    }
    def put(v: scala.collection.immutable.Map[K, V]): Unit = {
      val pairs = v.iterator
      b.append('[')
      while (pairs.hasNext) {
        val pair = pairs.next()
        b.append('['); key.put(pair._1); b.append(','); value.put(pair._2); b.append(']')
        if (pairs.hasNext) b.append(',')
      }
      b.append(']')
    }
  }
  class Opt[T](item: OorlType[T]) extends OorlType[Option[T]] {
    def get() = if (token() == "0") None else Some(item.get())
    def put(v: Option[T]): Unit = if (v.isEmpty) b.append("null") else item.put(v.get)
  }

  private def begin(tag: Char): Unit = { b.setLength(0); b.append(tag).append('\t').append(current).append('\t') }
  private def send(): Unit = out.write(b.append('\n').toString.getBytes("UTF-8"))
  private def failed(tag: Char, error: Throwable): Unit = {
    val text = try String.valueOf(error) catch { case _: Throwable => "an unprintable exception" }
    begin(tag)
    b.append(text.take(500).replace('\n', ' ').replace('\r', ' ').replace('\t', ' '))
    send()
  }
  def next(): Boolean = {
    if (cases < 0) cases = count()
    current += 1
    current < cases
  }
  def answer[T](kind: OorlType[T], call: () => T): Unit = {
    var value = null.asInstanceOf[T]
    val good = try { value = call(); true } catch { case error: Throwable => failed('!', error); false }
    if (good) try { begin('='); kind.put(value); send() } catch { case error: Throwable => failed('?', error) }
  }
  def finish(): Unit = Runtime.getRuntime.halt(0)
}
