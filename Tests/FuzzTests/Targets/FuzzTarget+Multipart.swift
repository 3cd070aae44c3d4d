// SPDX-License-Identifier: Apache-2.0

@testable import RESTBridge

extension FuzzTarget {
  /// A form means the same however it is cut, and never more than its limits.
  static let multipart = FuzzTarget(
    name: "multipart",
    seeds: [
      "\u{3}--B\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n",
      "\u{1}p\r\n--B \r\nX: y\r\nContent-Disposition: form-data; name=a\r\n\r\n--B--e",
      "\u{7}--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\r\n--\r\n--C\r\n--B\r\n\r\n",
      "\u{0}--B--",
    ].map { Array($0.utf8) }
  ) { bytes in
    var input = FuzzInput(bytes)
    let cut = 1 + Int(input.byte())
    let body = input.remaining()
    let whole = form(body, cut: max(1, body.count))
    let pieces = form(body, cut: cut)
    hold(whole == pieces, "a form does not depend on how its bytes are cut")
    let single = form(body, cut: 1)
    hold(whole == single, "a form does not depend on how its bytes are cut")
    let text = String(decoding: body, as: UTF8.self)
    if let boundary = MultipartBoundary(contentType: text) {
      hold((1...70).contains(boundary.text.utf8.count), "a boundary is short")
    }
    _ = MultipartPart(header: text)
  }

  /// - Returns: what is in a form, with the data of a part in one piece; nil when it is refused.
  private static func form(_ bytes: [UInt8], cut: Int) -> [MultipartReader.Event]? {
    guard let boundary = MultipartBoundary("B") else { return nil }
    let limits = MultipartReader.Limits(total: 1_000, header: 100, parts: 3)
    var reader = MultipartReader(boundary: boundary, limits: limits)
    var events: [MultipartReader.Event] = []
    var rest = bytes[...]
    do throws(MultipartReader.Failure) {
      while !rest.isEmpty {
        try reader.append(rest.prefix(cut))
        rest = rest.dropFirst(cut)
        while let event = try reader.next() {
          switch (event, events.last) {
          case (.data(let more), .data(let before)?):
            events[events.count - 1] = .data(before + more)
          default: events.append(event)
          }
        }
      }
      try reader.finish()
    } catch {
      return nil
    }
    let parts = events.count { if case .part = $0 { true } else { false } }
    hold(parts <= limits.parts, "there are not more parts than allowed")
    hold(events.last == .end, "a form that is whole has an end")
    return events
  }
}
