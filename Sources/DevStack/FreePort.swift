// SPDX-License-Identifier: Apache-2.0
package import Glibc
import Synchronization

/// Finds TCP ports on the loopback interface that nobody listens on.
package enum FreePort {
  /// Below Linux's ephemeral range (32768–60999), so that no outgoing connection takes the port between
  /// the finding and the listening.
  private static let range: ClosedRange<UInt16> = 20_000...32_000

  /// The port looked at last. Each process begins anywhere and goes on in order, so that it gets no port
  /// twice: one that was found may have nobody listening yet.
  private static let last = Mutex(UInt16.random(in: range))

  /// - Throws: ``DevStackError/system(_:errno:)`` when 200 attempts found none.
  package static func find() throws(DevStackError) -> UInt16 {
    for _ in 0..<200 {
      let candidate = last.withLock { last in
        last = last < range.upperBound ? last + 1 : range.lowerBound
        return last
      }
      if isFree(candidate) { return candidate }
    }
    throw .system("bind", errno: EADDRINUSE)
  }

  /// Whether a server could listen on the port now.
  package static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // As servers do: connections that linger in TIME_WAIT do not count.
    var on: Int32 = 1
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    return unsafe LoopbackAddress(port: port).with { address, length in
      unsafe bind(descriptor, address, length)
    } == 0
  }

  /// Whether something accepts connections on the port.
  package static func isListening(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return unsafe LoopbackAddress(port: port).with { address, length in
      unsafe connect(descriptor, address, length)
    } == 0
  }
}

/// 127.0.0.1 with a port, as the socket calls want it.
package struct LoopbackAddress {
  private var address: sockaddr_in

  package init(port: UInt16) {
    address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  }

  package func with<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe body(generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
