// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import Glibc
import Synchronization

/// A TCP relay in front of a broker that notes when which MQTT packets of the client went by.
final class RecordingRelay: Sendable {
  struct Packet: Sendable {
    /// MQTT 3.1.1 §2.2.1: the high half of the first byte.
    let type: UInt8
    let time: ContinuousClock.Instant
  }

  static let puback: UInt8 = 4

  let port: UInt16
  private let target: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var fromClient: [Packet] = []
    var sockets: [Int32] = []
    var isClosed = false
  }

  init(to target: UInt16) throws {
    self.target = target
    port = try FreePort.find()
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    let bound = LoopbackAddress(port: port).with { bind(listener, $0, $1) }
    guard bound == 0, listen(listener, 16) == 0 else {
      throw DevStackError.system("listen", errno: errno)
    }
    Thread.detachNewThread { [self] in acceptAll() }
  }

  /// The client's packets of one type, oldest first.
  func packets(_ type: UInt8) -> [Packet] {
    state.withLock { $0.fromClient.filter { $0.type == type } }
  }

  /// Breaks all connections, as a network would.
  func cut() {
    state.withLock { state in
      for descriptor in state.sockets { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  func close() {
    state.withLock { $0.isClosed = true }
    shutdown(listener, Int32(SHUT_RDWR))
    cut()
  }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0, !state.withLock({ $0.isClosed }) else { return }
      let broker = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard LoopbackAddress(port: target).with({ connect(broker, $0, $1) }) == 0 else {
        Glibc.close(broker)
        Glibc.close(client)
        continue
      }
      state.withLock { $0.sockets += [client, broker] }
      Thread.detachNewThread { [self] in pump(from: client, to: broker, isClient: true) }
      Thread.detachNewThread { [self] in pump(from: broker, to: client, isClient: false) }
    }
  }

  private func pump(from source: Int32, to sink: Int32, isClient: Bool) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var unparsed: [UInt8] = []
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      if isClient {
        unparsed += buffer[..<count]
        record(&unparsed)
      }
      var sent = 0
      while sent < count {
        let written = buffer.withUnsafeBytes {
          send(sink, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { break }
        sent += written
      }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(sink, Int32(SHUT_RDWR))
  }

  /// Takes complete packets (fixed header with its variable length, §2.2.3) off the front.
  private func record(_ bytes: inout [UInt8]) {
    while bytes.count >= 2 {
      var length = 0
      var shift = 0
      var position = 1
      var isComplete = false
      while position < bytes.count, position <= 4 {
        length |= Int(bytes[position] & 0x7F) << shift
        shift += 7
        position += 1
        if bytes[position - 1] & 0x80 == 0 {
          isComplete = true
          break
        }
      }
      guard isComplete, bytes.count >= position + length else { return }
      let packet = Packet(type: bytes[0] >> 4, time: .now)
      state.withLock { $0.fromClient.append(packet) }
      bytes.removeFirst(position + length)
    }
  }
}
