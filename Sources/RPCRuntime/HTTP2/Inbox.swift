// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2
import NIOCore

/// Where nghttp2's callbacks leave what happened. One per session, at a stable address, which is what
/// nghttp2 hands to the callbacks: reaching a class from them costs a retain, a release and an exclusivity
/// check for each member.
struct Inbox: ~Copyable {
  private let maxHeaderListBytes: Int
  private var events: [HTTP2Event] = []
  /// Emptied events, whose memory the next ones take.
  private var spareEvents: [HTTP2Event] = []
  private var headers = HeaderScratch()
  /// True when a callback asked nghttp2 to stop because of ``eventsPerBatch``.
  private(set) var isPaused = false
  /// Size of the header list being received, counting what was not kept.
  private var headerBytes = 0
  /// Bodies that nghttp2 holds an unretained pointer to; dropped when it closes their stream.
  var bodies = StreamTable<OutboundBody>()
  /// Frames written out since the session last handed them on.
  var output = OutputQueue()
  private(set) var resetsSent = 0
  private(set) var dataFramesSent = 0
  private(set) var answerFramesSent = 0
  /// Streams whose last frame of ours has left; the session looks whether the peer is done with them too.
  var finishedStreams: [StreamID] = []
  /// PING, SETTINGS, PRIORITY, WINDOW_UPDATE, small DATA without END_STREAM and frames that were refused:
  /// each costs the peer nothing and this end a little. The connection weighs them against progress.
  private(set) var idleFrames = 0
  /// A server's; a client has reason to remember nothing.
  private var skipped: SkippedStreams?
  /// The connection error that nghttp2 does not look for, once there was one.
  private(set) var offence: HTTP2ErrorCode?

  /// A list this much larger than allowed ends the connection: it can only be an attack (HPACK bomb).
  private static let bombFactor = 16
  /// DATA frames below this many bytes, without padding, count as idle.
  static let smallData = 256
  /// After so many events the next DATA makes a pause, so that those calls can be answered, and their
  /// memory used again, before the next are looked at.
  private static let eventsPerBatch = 24
  /// Memory for more events than this is not kept.
  private static let maxSpareEvents = 512

  init(configuration: HTTP2SessionConfiguration) {
    maxHeaderListBytes = configuration.maxHeaderListBytes
    if configuration.role == .server { skipped = SkippedStreams() }
  }

  mutating func takeEvents() -> [HTTP2Event] {
    var taken = spareEvents
    spareEvents = []
    swap(&taken, &events)
    return taken
  }

  mutating func willReceive() {
    isPaused = false
  }

  /// Gives events back that were acted on.
  mutating func reuse(_ handled: consuming [HTTP2Event]) {
    guard handled.capacity <= Self.maxSpareEvents else { return }
    handled.removeAll(keepingCapacity: true)
    spareEvents = handled
  }

  /// - Returns: false when the connection must be closed.
  mutating func beganFrame(_ header: nghttp2_frame_hd) -> Bool {
    guard UInt32(header.type) == NGHTTP2_HEADERS.rawValue,
      skipped?.receivedHeaders(header.stream_id) == false
    else { return true }
    offence = .protocolError
    return false
  }

  mutating func beganHeaders() {
    headers.clear()
    headerBytes = 0
  }

  /// - Returns: false when the connection must be closed.
  mutating func receivedHeader(_ field: HeaderField) -> Bool {
    headerBytes += unsafe field.name.count + field.value.count + 32
    guard headerBytes <= maxHeaderListBytes else {
      return headerBytes <= maxHeaderListBytes * Self.bombFactor
    }
    unsafe headers.append(field)
    return true
  }

  /// - Returns: true when this batch is long enough.
  mutating func receivedData(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) -> Bool {
    events.append(.data(stream, unsafe ByteBuffer(bytes: bytes)))
    isPaused = events.count >= Self.eventsPerBatch
    return isPaused
  }

  mutating func received(_ frame: nghttp2_frame) {
    let header = unsafe frame.hd
    let flags = UInt32(header.flags)
    let endsStream = flags & NGHTTP2_FLAG_END_STREAM.rawValue != 0
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue:
      if headerBytes > maxHeaderListBytes {
        events.append(.headersTooLarge(header.stream_id))
      } else if skipped != nil, unsafe frame.headers.cat == NGHTTP2_HCAT_HEADERS {
        // Request trailers always end the stream (RFC 9113 §8.1), and gRPC gives them no other meaning.
        events.append(.endStream(header.stream_id))
      } else {
        events.append(.headers(header.stream_id, headers.list, endStream: endsStream))
      }
    case NGHTTP2_DATA.rawValue:
      if endsStream {
        events.append(.endStream(header.stream_id))
      } else if unsafe header.length - frame.data.padlen < Self.smallData {
        idleFrames += 1
      }
    case NGHTTP2_SETTINGS.rawValue:
      idleFrames += 1
      if flags & NGHTTP2_FLAG_ACK.rawValue == 0 { events.append(.settings) }
    case NGHTTP2_PING.rawValue:
      idleFrames += 1
      events.append(.ping(ack: flags & NGHTTP2_FLAG_ACK.rawValue != 0))
    case NGHTTP2_GOAWAY.rawValue:
      let goAway = unsafe frame.goaway
      events.append(
        unsafe .goAway(
          lastStreamID: goAway.last_stream_id, HTTP2ErrorCode(wire: goAway.error_code)))
    case NGHTTP2_PRIORITY.rawValue, NGHTTP2_WINDOW_UPDATE.rawValue:
      idleFrames += 1
    default:
      // RST_STREAM comes as `closed`; extension frames mean nothing here (RFC 9113 §5.5).
      break
    }
  }

  mutating func sent(_ frame: nghttp2_frame) {
    let header = unsafe frame.hd
    let type = UInt32(header.type)
    if type == NGHTTP2_RST_STREAM.rawValue { resetsSent += 1 }
    if type == NGHTTP2_DATA.rawValue { dataFramesSent += 1 }
    guard type == NGHTTP2_DATA.rawValue || type == NGHTTP2_HEADERS.rawValue else { return }
    answerFramesSent += 1
    if UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 {
      finishedStreams.append(header.stream_id)
    }
  }

  /// A frame was not sent because its stream is gone: an answer to a request that was reset in the burst
  /// it came in. Nothing else will ask for its body.
  mutating func dropped(_ stream: StreamID) {
    bodies.remove(stream)?.discard()
  }

  /// A stream that was refused costs no more than an idle frame; other offences also reset a stream.
  mutating func receivedInvalid() { idleFrames += 1 }

  mutating func closed(_ stream: StreamID, _ code: UInt32) {
    bodies.remove(stream)?.discard()
    events.append(.streamClosed(stream, HTTP2ErrorCode(wire: code)))
  }
}
