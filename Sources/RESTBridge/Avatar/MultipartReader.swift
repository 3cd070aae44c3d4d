// SPDX-License-Identifier: Apache-2.0

/// Reads the parts of a multipart/form-data body as it comes, in pieces of any size (RFC 7578, RFC 2046
/// §5.1). It holds back no more than a part's header, or what may be the beginning of a delimiter.
///
///     preamble ─delimiter─▶ delimited ─CRLF─▶ headers ─▶ bodyStart ─▶ body
///                              │  ▲                          └────┬────┘
///                              │  └───────────delimiter──────────┘
///                              └─"--"─▶ epilogue
struct MultipartReader {
  enum Event: Hashable, Sendable {
    /// A part begins.
    case part(MultipartPart)
    /// Its next bytes; not empty.
    case data([UInt8])
    /// It is over.
    case partEnd
    /// All parts have been; what follows does not count.
    case end
  }

  /// Why a body is refused; nothing can be read after that.
  enum Failure: Error, Hashable, Sendable {
    /// What is wrong, for people.
    case malformed(String)
    /// More bytes than allowed.
    case tooLong
  }

  /// What a body may cost.
  struct Limits: Hashable, Sendable {
    /// Bytes in all.
    var total: Int
    /// Bytes of one part's header. Default 8 KiB: far more than names need.
    var header = 8 << 10
    /// Default 20: a form has a few fields.
    var parts = 20
  }

  private enum State {
    case preamble
    case delimited
    /// Behind the delimiter: spaces, then the end of the line.
    case padding
    case headers
    case bodyStart
    case body
    case epilogue
  }

  private let limits: Limits
  /// With the line break in front of it, which belongs to it.
  private let delimiter: [UInt8]
  private var state = State.preamble
  private var failure: Failure?
  /// A delimiter at the very start has no line break of its own.
  private var buffer: [UInt8] = [13, 10]
  private var offset = 0
  private var total = 0
  private var parts = 0

  init(boundary: MultipartBoundary, limits: Limits) {
    delimiter = Array("\r\n--\(boundary.text)".utf8)
    self.limits = limits
  }

  /// Takes the next bytes of the body.
  mutating func append(_ bytes: some Collection<UInt8>) throws(Failure) {
    if let failure { throw failure }
    total += bytes.count
    guard total <= limits.total else { throw fail(.tooLong) }
    // What is over needs no memory.
    if case .epilogue = state { return }
    buffer.removeFirst(offset)
    offset = 0
    buffer.append(contentsOf: bytes)
  }

  /// - Returns: what comes next; nil when that takes more bytes, or nothing comes any more.
  mutating func next() throws(Failure) -> Event? {
    if let failure { throw failure }
    while true {
      switch state {
      case .preamble:
        let (length, isComplete) = distanceToDelimiter()
        offset += length
        guard isComplete else { return nil }
        offset += delimiter.count
        state = .delimited
      case .delimited:
        guard available >= 2 else { return nil }
        if buffer[offset] == UInt8(ascii: "-"), buffer[offset + 1] == UInt8(ascii: "-") {
          state = .epilogue
          return .end
        }
        state = .padding
      case .padding:
        while available > 0, buffer[offset] == UInt8(ascii: " ") || buffer[offset] == 9 {
          offset += 1
        }
        guard available >= 2 else { return nil }
        guard buffer[offset] == 13, buffer[offset + 1] == 10 else {
          throw fail(.malformed("the boundary is not on a line of its own"))
        }
        parts += 1
        guard parts <= limits.parts else {
          throw fail(.malformed("more than \(limits.parts) parts"))
        }
        // The line break stays: a part without header begins with two.
        state = .headers
      case .headers:
        guard let part = try readHeader() else { return nil }
        state = .bodyStart
        return .part(part)
      case .bodyStart:
        // The line break that ends the header may be that of the delimiter: then there is no body.
        let count = min(available, delimiter.count)
        if buffer[offset..<(offset + count)].elementsEqual(delimiter[..<count]) {
          guard count == delimiter.count else { return nil }
          offset += count
          state = .delimited
          return .partEnd
        }
        offset += 2
        state = .body
      case .body:
        let (length, isComplete) = distanceToDelimiter()
        if length > 0 {
          defer { offset += length }
          return .data(Array(buffer[offset..<(offset + length)]))
        }
        guard isComplete else { return nil }
        offset += delimiter.count
        state = .delimited
        return .partEnd
      case .epilogue: return nil
      }
    }
  }

  /// Call it when the body is over and ``next()`` has returned nil.
  /// - Throws: when it ended before its last boundary.
  mutating func finish() throws(Failure) {
    if let failure { throw failure }
    guard case .epilogue = state else { throw fail(.malformed("the last boundary is missing")) }
  }

  private var available: Int { buffer.count - offset }

  private mutating func fail(_ failure: Failure) -> Failure {
    self.failure = failure
    buffer = []
    offset = 0
    return failure
  }

  /// How far it is to the delimiter, or to what may be its beginning at the end of what has come.
  private func distanceToDelimiter() -> (length: Int, isComplete: Bool) {
    var start = offset
    while let candidate = buffer[start...].firstIndex(of: 13) {
      let count = min(buffer.count - candidate, delimiter.count)
      if buffer[candidate..<(candidate + count)].elementsEqual(delimiter[..<count]) {
        return (candidate - offset, count == delimiter.count)
      }
      start = candidate + 1
    }
    return (available, false)
  }

  /// Reads up to the empty line, whose line break stays.
  private mutating func readHeader() throws(Failure) -> MultipartPart? {
    let window = buffer[offset...].prefix(limits.header + 4)
    guard let end = window.firstRange(of: [13, 10, 13, 10] as [UInt8]) else {
      guard window.count < limits.header + 4 else {
        throw fail(.malformed("the header of a part is larger than \(limits.header) bytes"))
      }
      return nil
    }
    let text = String(
      validating: buffer[offset..<end.lowerBound].dropFirst(2), as: UTF8.self)
    offset = end.lowerBound + 2
    guard let part = text.flatMap({ MultipartPart(header: $0) }) else {
      throw fail(.malformed("a part has no valid Content-Disposition"))
    }
    return part
  }
}

/// One field of a form (RFC 7578 §4.2).
struct MultipartPart: Hashable, Sendable {
  let name: String
  /// nil: the field is no file.
  let filename: String?

  init(name: String, filename: String?) {
    self.name = name
    self.filename = filename
  }

  /// - Parameter header: lines without the last line break.
  /// - Returns: nil when it does not say which field of the form it is.
  init?(header: String) {
    // "\r\n" is one character to Swift.
    for line in header.split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      guard parts[0].lowercased() == "content-disposition" else { continue }
      guard let disposition = HeaderParameters(parts[1]), disposition.value == "form-data",
        let name = disposition.parameters["name"]
      else { return nil }
      self.init(name: name, filename: disposition.parameters["filename"])
      return
    }
    return nil
  }
}
