// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// HTTP/2 stream identifier (RFC 9113 §5.1.1); 0 is the connection.
typealias StreamID = Int32

/// What received bytes meant.
enum HTTP2Event: Hashable {
  /// Request headers, response headers, or response trailers.
  case headers(StreamID, HeaderList, endStream: Bool)
  /// The header list was larger than allowed; it was not kept.
  case headersTooLarge(StreamID)
  /// A part of the body. The flow-control window stays closed by its size until it is consumed.
  case data(StreamID, ByteBuffer)
  /// The peer is done sending on the stream; comes after its last `data`, or for request trailers.
  case endStream(StreamID)
  /// The stream is over, whoever ended it.
  case streamClosed(StreamID, HTTP2ErrorCode)
  case settings
  case ping(ack: Bool)
  case goAway(lastStreamID: StreamID, HTTP2ErrorCode)
}

/// The connection cannot go on.
struct HTTP2Error: Error, Hashable, CustomStringConvertible {
  /// nghttp2's own number, negative.
  let code: Int32
  let description: String
}
