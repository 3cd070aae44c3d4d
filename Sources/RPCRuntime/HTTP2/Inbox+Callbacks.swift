// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2
import NIOCore

/// The C side of ``Inbox``: each callback translates and records, and decides nothing.
extension Inbox {
  static func install(on callbacks: OpaquePointer?) {
    unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, userData in
      guard let header = unsafe header?.pointee else { return 0 }
      let goesOn = unsafe Inbox.from(userData)?.pointee.beganFrame(header)
      return goesOn == true ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, _, userData in
      unsafe Inbox.from(userData)?.pointee.beganHeaders()
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, _, name, nameLength, value, valueLength, _, userData in
      let accepted = unsafe Inbox.from(userData)?.pointee.receivedHeader(
        HeaderField(
          name: UnsafeBufferPointer(start: name, count: nameLength),
          value: UnsafeBufferPointer(start: value, count: valueLength)))
      return accepted == true ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _, _, stream, bytes, count, userData in
      let pauses = unsafe Inbox.from(userData)?.pointee.receivedData(
        stream, UnsafeRawBufferPointer(start: bytes, count: count))
      return pauses == true ? Int32(NGHTTP2_ERR_PAUSE.rawValue) : 0
    }
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
      if let frame = unsafe frame { unsafe Inbox.from(userData)?.pointee.received(frame.pointee) }
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, userData in
      if let frame = unsafe frame { unsafe Inbox.from(userData)?.pointee.sent(frame.pointee) }
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) {
      session, frame, _, userData in
      guard let stream = unsafe frame?.pointee.hd.stream_id,
        unsafe Inbox.isGone(stream, session)
      else { return 0 }
      unsafe Inbox.from(userData)?.pointee.dropped(stream)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
      _, _, _, userData in
      unsafe Inbox.from(userData)?.pointee.receivedInvalid()
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
      _, stream, code, userData in
      unsafe Inbox.from(userData)?.pointee.closed(stream, code)
      return 0
    }
    unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) {
      _, _, frameHeader, length, source, userData in
      guard let inbox = unsafe Inbox.from(userData), let source = unsafe source,
        let frameHeader = unsafe frameHeader,
        let body = unsafe OutboundBody.from(source.pointee.ptr)
      else { return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
      // The 9 bytes of the frame header; this end never pads.
      unsafe inbox.pointee.output.append(UnsafeRawBufferPointer(start: frameHeader, count: 9))
      unsafe body.move(length, to: &inbox.pointee.output)
      return 0
    }
  }

  /// Lets nghttp2 pull from `body`; the caller keeps `body` alive in ``bodies``.
  static func dataProvider(_ body: OutboundBody) -> nghttp2_data_provider {
    var provider = unsafe nghttp2_data_provider()
    unsafe provider.source.ptr = Unmanaged.passUnretained(body).toOpaque()
    unsafe provider.read_callback = { session, stream, _, length, flags, source, _ in
      guard let source = unsafe source, let flags = unsafe flags,
        let body = unsafe OutboundBody.from(source.pointee.ptr)
      else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
      let count = min(length, body.queuedBytes)
      if count == 0, case .open = body.end {
        body.isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
      }
      unsafe flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
      if count == body.queuedBytes {
        switch body.end {
        case .open: break
        case .endStream: unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        case .trailers(let trailers):
          unsafe flags.pointee |=
            NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
          return unsafe Inbox.submitTrailers(trailers, session, stream)
            ? count
            : Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
      }
      return count
    }
    return unsafe provider
  }

  /// nghttp2 allows exactly this call from a read callback (nghttp2_data_source_read_callback).
  private static func submitTrailers(
    _ trailers: HeaderList, _ session: OpaquePointer?, _ stream: StreamID
  ) -> Bool {
    unsafe HTTP2Session.withNameValues(trailers) { fields, count in
      unsafe nghttp2_submit_trailer(session, stream, fields, count) == 0
    }
  }

  /// nghttp2 remembers some of the streams that are closed.
  private static func isGone(_ stream: StreamID, _ session: OpaquePointer?) -> Bool {
    guard let found = unsafe nghttp2_session_find_stream(session, stream) else { return true }
    return unsafe nghttp2_stream_get_state(found) == NGHTTP2_STREAM_STATE_CLOSED
  }

  private static func from(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Inbox>? {
    unsafe userData?.assumingMemoryBound(to: Inbox.self)
  }
}

extension OutboundBody {
  fileprivate static func from(_ pointer: UnsafeMutableRawPointer?) -> OutboundBody? {
    unsafe pointer.map { unsafe Unmanaged<OutboundBody>.fromOpaque($0).takeUnretainedValue() }
  }
}
