// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RPCRuntime

@Suite("Header lists")
struct HeaderListTests {
  @Test("fields keep their order and repeat")
  func order() {
    var list: HeaderList = [":status": "200", "x": "1"]
    list.append(name: "x", value: "")
    list.append("y", "2")
    let fields = list.withFields { fields in
      var texts: [String] = []
      while let field = fields.next() { texts.append("\(field.nameText)=\(field.valueText)") }
      return texts
    }
    #expect(fields == [":status=200", "x=1", "x=", "y=2"])
    #expect(list.count == 4)
    #expect(list["x"] == "1")
    #expect(list["z"] == nil)
    #expect(list[":statu"] == nil)
    #expect(list[":status0"] == nil)
    // RFC 9113 §6.5.2: 7+3 + 1+1 + 1+0 + 1+1, and 32 each.
    #expect(list.decodedSize == 15 + 4 * 32)
  }
}
