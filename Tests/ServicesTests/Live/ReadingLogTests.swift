// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Testing

@testable import Services

@Suite("Reading log")
struct ReadingLogTests {
  private func entry(_ seq: Int64, bytes: Int = 10) -> ReadingLog.Entry {
    let frame = MessageFrame(capacity: bytes) { $0.writeRepeatingByte(0, count: bytes) }
    return ReadingLog.Entry(
      range: seq...seq, content: .block(frame), announcementsBefore: 0, announcementsAfter: 0,
      announcement: nil)
  }

  @Test("keeps as many entries as its limit says", arguments: [(3, 0), (4, 0), (5, 1), (9, 5)])
  func entryLimit(appended: Int64, forgotten: Int64) {
    var log = ReadingLog(maxEntries: 4, maxBytes: .max)
    for seq in 1...appended { log.append(entry(seq)) }
    #expect(log.first == forgotten)
    #expect(log.end == appended)
    #expect(log[log.first].range.lowerBound == forgotten + 1)
    #expect(log[log.end - 1].range.lowerBound == appended)
  }

  @Test("keeps as many bytes as its limit says", arguments: [(3, 0), (4, 0), (5, 1), (9, 5)])
  func byteLimit(appended: Int64, forgotten: Int64) {
    let cost = entry(1).cost
    var log = ReadingLog(maxEntries: 100, maxBytes: 4 * cost)
    for seq in 1...appended { log.append(entry(seq)) }
    #expect(log.first == forgotten)
    #expect(log.bytes == Int(appended - forgotten) * cost)
  }

  @Test("keeps the newest entry whatever its size")
  func hugeEntry() {
    var log = ReadingLog(maxEntries: 100, maxBytes: 1_000)
    log.append(entry(1))
    log.append(entry(2, bytes: 5_000))
    #expect(log.first == 1)
    #expect(log.end == 2)
  }

  @Test("a lower byte limit takes effect at once")
  func lowerLimit() {
    let cost = entry(1).cost
    var log = ReadingLog(maxEntries: 100, maxBytes: 10 * cost)
    for seq in 1...10 { log.append(entry(Int64(seq))) }
    log.setMaxBytes(3 * cost)
    #expect(log.first == 7)
    #expect(log.bytes == 3 * cost)
  }
}
