// SPDX-License-Identifier: Apache-2.0
import DevStack
import Testing

@Suite("Free ports")
struct FreePortTests {
  @Test("no port is found twice, though nobody listens on the first yet")
  func different() throws {
    var found: Set<UInt16> = []
    for _ in 0..<500 { #expect(found.insert(try FreePort.find()).inserted) }
  }

  @Test("none is found that is somebody else's")
  func others() throws {
    #expect(throws: DevStackError.self) { try FreePort.find(besides: Set(0...UInt16.max)) }
  }
}
