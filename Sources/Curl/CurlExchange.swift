// SPDX-License-Identifier: Apache-2.0

/// What libcurl's callbacks read from and write to during one transfer.
///
/// Not Sendable: belongs to the thread that runs the transfer.
final class CurlExchange {
  private let upload: [UInt8]
  private var uploaded = 0
  private(set) var body: [UInt8] = []
  /// The body is larger than the limit.
  private(set) var isOverfull = false
  private let maxBytes: Int
  let ticket: CurlTicket

  init(upload: [UInt8], maxBytes: Int, ticket: CurlTicket) {
    self.upload = upload
    self.maxBytes = maxBytes
    self.ticket = ticket
  }

  /// - Returns: how many bytes were put into `buffer`; 0: that was all.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, upload.count - uploaded)
    guard count > 0 else { return 0 }
    unsafe buffer.copyBytes(from: upload[uploaded..<(uploaded + count)])
    uploaded += count
    return count
  }

  /// Goes back, for a request that has to be sent again.
  func seek(to offset: Int) -> Bool {
    guard (0...upload.count).contains(offset) else { return false }
    uploaded = offset
    return true
  }

  /// - Returns: false when there is no more room.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= maxBytes - body.count else {
      isOverfull = true
      return false
    }
    unsafe body.append(contentsOf: bytes)
    return true
  }
}
