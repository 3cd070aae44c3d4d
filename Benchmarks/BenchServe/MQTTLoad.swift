// SPDX-License-Identifier: Apache-2.0
import DevStack
import Glibc

/// PUBLISH packets (QoS 1, MQTT 3.1.1), ready to be sent.
struct PublishPackets: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Where each packet ends in `bytes`.
  private(set) var ends: [Int] = []

  var count: Int { ends.count }

  mutating func append(topic: String, payload: String) {
    let (topic, payload) = (topic.utf8, payload.utf8)
    bytes.append(0x32)
    var length = 2 + topic.count + 2 + payload.count
    repeat {
      bytes.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
      length >>= 7
    } while length > 0
    let packetID = ends.count % 65_535 + 1
    bytes.append(contentsOf: [UInt8(topic.count >> 8), UInt8(topic.count & 0xFF)])
    bytes.append(contentsOf: topic)
    bytes.append(contentsOf: [UInt8(packetID >> 8), UInt8(packetID & 0xFF)])
    bytes.append(contentsOf: payload)
    ends.append(bytes.count)
  }
}

/// A publisher that costs next to nothing, so that on a small machine the load does not take the place of
/// what is measured: packets are written in bulk, and of the PUBACKs only the number is looked at. All
/// calls block.
struct MQTTLoad: ~Copyable {
  private static let window = 5_000

  private let socket: Int32

  /// - Throws: when the broker does not accept the connection.
  init(port: UInt16, clientID: String) throws(LoadError) {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isConnected = unsafe LoopbackAddress(port: port).with { address, length in
      unsafe connect(socket, address, length)
    }
    guard isConnected == 0 else { throw LoadError("connecting to the broker", errno) }
    var noDelay: Int32 = 1
    unsafe setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
    // CONNECT: protocol level 4, clean session, no keepalive.
    let id = Array(clientID.utf8)
    let packet =
      [0x10, UInt8(12 + id.count), 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, UInt8(id.count)]
      + id
    var answer = [UInt8](repeating: 0, count: 4)
    guard unsafe send(socket, packet, packet.count, Int32(MSG_NOSIGNAL)) == packet.count,
      unsafe recv(socket, &answer, 4, Int32(MSG_WAITALL)) == 4, answer == [0x20, 2, 0, 0]
    else { throw LoadError("CONNECT", errno) }
  }

  deinit {
    close(socket)
  }

  /// Sends all packets; returns when the broker has acknowledged the last one.
  func publish(_ packets: PublishPackets) throws(LoadError) {
    var (sent, acknowledgedBytes) = (0, 0)
    var input = [UInt8](repeating: 0, count: 65_536)
    while acknowledgedBytes < packets.count * 4 {
      let allowed = packets.ends[min(packets.count, acknowledgedBytes / 4 + Self.window) - 1]
      var descriptor = pollfd(
        fd: socket, events: Int16(POLLIN) | (sent < allowed ? Int16(POLLOUT) : 0), revents: 0)
      guard unsafe poll(&descriptor, 1, 30_000) == 1 else { throw LoadError("PUBACK", errno) }
      if descriptor.revents & Int16(POLLIN) != 0 {
        let count = unsafe recv(socket, &input, input.count, 0)
        guard count > 0 else { throw LoadError("PUBACK", errno) }
        acknowledgedBytes += count
      }
      if descriptor.revents & Int16(POLLOUT) != 0 {
        let count = unsafe packets.bytes.withUnsafeBytes { bytes in
          unsafe send(
            socket, bytes.baseAddress?.advanced(by: sent), min(allowed - sent, 1 << 18),
            Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        guard count > 0 else { throw LoadError("PUBLISH", errno) }
        sent += count
      }
    }
  }

  /// Sends `count` packets, one each `interval`, made at the moment of sending; a late one is followed by
  /// the next as soon as possible.
  func publish(
    count: Int, every interval: Duration, _ make: (Int, inout PublishPackets) -> Void
  ) throws(LoadError) {
    let start = ContinuousClock.now
    var input = [UInt8](repeating: 0, count: 65_536)
    for number in 0..<count {
      let wait = start + interval * number - .now
      if wait > .zero {
        var time = timespec(
          tv_sec: Int(wait.components.seconds),
          tv_nsec: Int(wait.components.attoseconds / 1_000_000_000))
        unsafe nanosleep(&time, nil)
      }
      var packet = PublishPackets()
      make(number, &packet)
      guard
        unsafe send(socket, packet.bytes, packet.bytes.count, Int32(MSG_NOSIGNAL))
          == packet.bytes.count
      else { throw LoadError("PUBLISH", errno) }
      // The broker's acknowledgements are only cleared away.
      while unsafe recv(socket, &input, input.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
  }
}

/// Why the load could not be put on.
struct LoadError: Error, CustomStringConvertible {
  let description: String

  init(_ action: String, _ code: Int32) {
    description = "\(action) failed (errno \(code))"
  }
}
