// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2
import NIOCore

/// One end of an HTTP/2 connection without socket, clock or task: bytes in → events; commands → bytes out.
///
/// Owns the `nghttp2_session`. nghttp2 must not be re-entered from its callbacks, so these only record what
/// happened (``Inbox``); the caller acts on the events after ``receive(_:)`` has returned.
@safe
struct HTTP2Session: ~Copyable {
  private let raw: OpaquePointer
  private let role: HTTP2SessionConfiguration.Role
  private let inbox: UnsafeMutablePointer<Inbox>

  init(_ configuration: HTTP2SessionConfiguration) throws(HTTP2Error) {
    let inbox = UnsafeMutablePointer<Inbox>.allocate(capacity: 1)
    unsafe inbox.initialize(to: Inbox(configuration: configuration))
    do throws(HTTP2Error) {
      unsafe raw = unsafe try Self.makeRaw(configuration, inbox)
    } catch {
      unsafe inbox.deinitialize(count: 1)
      unsafe inbox.deallocate()
      throw error
    }
    role = configuration.role
    unsafe self.inbox = unsafe inbox
  }

  deinit {
    unsafe nghttp2_session_del(raw)
    unsafe inbox.deinitialize(count: 1)
    unsafe inbox.deallocate()
  }

  // MARK: Bytes in

  /// Feeds received bytes and returns what they meant, in order.
  /// - Throws: when the connection is beyond repair; what is still to be sent says why to the peer.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) -> [HTTP2Event] {
    var rest = unsafe bytes
    while try unsafe receiveBatch(&rest) {}
    return takeEvents()
  }

  /// Feeds received bytes until there are events for a batch of calls; ``takeEvents()`` has them.
  /// - Parameter bytes: becomes what was not looked at yet.
  /// - Returns: true when it is to be called again, even if `bytes` is empty.
  /// - Throws: as ``receive(_:)``.
  func receiveBatch(_ bytes: inout UnsafeRawBufferPointer) throws(HTTP2Error) -> Bool {
    unsafe inbox.pointee.willReceive()
    let base = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
    let consumed = unsafe nghttp2_session_mem_recv(raw, base, bytes.count)
    if consumed < 0 {
      if let offence = unsafe inbox.pointee.offence { goAway(offence) }
      throw Self.error(Int32(consumed))
    }
    unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(consumed))
    return unsafe inbox.pointee.isPaused
  }

  /// Gives back flow-control credit for received body bytes.
  func consume(_ count: Int, on stream: StreamID) {
    // An unknown stream still returns the connection's credit; no other error is possible here.
    _ = unsafe nghttp2_session_consume(raw, stream, count)
  }

  /// Keeps body bytes out of the stream's window but frees the connection's for other streams.
  func consumeConnection(_ count: Int) {
    _ = unsafe nghttp2_session_consume_connection(raw, count)
  }

  /// Gives back a stream's own credit.
  func consumeStream(_ count: Int, on stream: StreamID) {
    _ = unsafe nghttp2_session_consume_stream(raw, stream, count)
  }

  // MARK: Commands

  /// Answers a request: headers now, then what `body` will hold; without body, headers end the stream.
  /// - Throws: when HTTP/2 cannot carry the headers, or the stream has a body already.
  func respond(
    to stream: StreamID, headers: HeaderList, body: OutboundBody?
  ) throws(HTTP2Error) {
    // nghttp2 holds an unretained pointer to the first one.
    guard unsafe inbox.pointee.bodies[stream] == nil else {
      throw Self.error(Int32(NGHTTP2_ERR_DATA_EXIST.rawValue))
    }
    let result = unsafe Self.withNameValues(headers) { fields, count in
      guard let body else {
        return unsafe nghttp2_submit_response(raw, stream, fields, count, nil)
      }
      unsafe inbox.pointee.bodies.insert(body, for: stream)
      var provider = unsafe Inbox.dataProvider(body)
      return unsafe nghttp2_submit_response(raw, stream, fields, count, &provider)
    }
    try Self.check(result)
  }

  /// Starts a request.
  /// - Returns: its stream.
  func request(
    headers: HeaderList, body: OutboundBody
  ) throws(HTTP2Error) -> StreamID {
    let stream = unsafe Self.withNameValues(headers) { fields, count in
      var provider = unsafe Inbox.dataProvider(body)
      return unsafe nghttp2_submit_request(raw, nil, fields, count, &provider, nil)
    }
    try Self.check(stream)
    unsafe inbox.pointee.bodies.insert(body, for: stream)
    return stream
  }

  /// True from ``request(headers:body:)`` or ``respond(to:headers:body:)`` until the stream is over.
  func hasBody(_ stream: StreamID) -> Bool { unsafe inbox.pointee.bodies[stream] != nil }

  /// False when a client has used up its stream identifiers (RFC 9113 §5.1.1).
  var hasStreamIDs: Bool { unsafe nghttp2_session_get_next_stream_id(raw) < 1 << 31 }

  /// Tells that a body has more to send, or has ended.
  func resume(_ stream: StreamID, _ body: OutboundBody) {
    guard body.isDeferred else { return }
    body.isDeferred = false
    // Fails only when the stream is gone meanwhile; then its body goes nowhere.
    _ = unsafe nghttp2_session_resume_data(raw, stream)
  }

  /// Ends a response without what its body still holds, which the caller must have dropped. These trailers
  /// need no window, so they leave even if the peer's is closed.
  func cutShort(_ stream: StreamID, trailers: HeaderList) {
    // Fails only for lack of memory.
    _ = unsafe Self.withNameValues(trailers) { fields, count in
      unsafe nghttp2_submit_trailer(raw, stream, fields, count)
    }
  }

  func reset(_ stream: StreamID, _ code: HTTP2ErrorCode) {
    // Fails only for lack of memory.
    _ = unsafe nghttp2_submit_rst_stream(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
  }

  func ping() {
    _ = unsafe nghttp2_submit_ping(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
  }

  /// First step of a graceful stop: GOAWAY(2^31−1), so that requests already under way still count
  /// (RFC 9113 §6.8).
  func submitShutdownNotice() {
    _ = unsafe nghttp2_submit_shutdown_notice(raw)
  }

  /// GOAWAY naming the last stream that was looked at: newer ones are refused.
  func goAway(_ code: HTTP2ErrorCode, debugData: String = "") {
    let last = unsafe nghttp2_session_get_last_proc_stream_id(raw)
    let bytes = Array(debugData.utf8)
    _ = unsafe nghttp2_submit_goaway(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, bytes, bytes.count)
  }

  // MARK: Bytes out

  /// Moves frames to `output` until there are none, windows are closed, or it holds `limit` bytes.
  func send(into output: inout OutputQueue, limit: Int) throws(HTTP2Error) {
    // The queue moves to where the callbacks find it, and back.
    unsafe swap(&output, &inbox.pointee.output)
    defer { unsafe swap(&output, &inbox.pointee.output) }
    while unsafe inbox.pointee.output.byteCount < limit {
      var chunk: UnsafePointer<UInt8>?
      let length = unsafe nghttp2_session_mem_send(raw, &chunk)
      if length < 0 { throw Self.error(Int32(length)) }
      guard length > 0, let chunk = unsafe chunk else {
        if resetUnfinishedRequests() { continue }
        break
      }
      unsafe inbox.pointee.output.append(UnsafeRawBufferPointer(start: chunk, count: length))
    }
  }

  /// Events that sending brought about: streams that are over now that their last frame has left.
  func takeEvents() -> [HTTP2Event] { unsafe inbox.pointee.takeEvents() }

  /// Gives events back that were acted on, so that the next ones need no memory.
  func reuse(_ events: consuming [HTTP2Event]) { unsafe inbox.pointee.reuse(events) }

  /// A response that ended before its request: ask the peer to stop sending (RFC 9113 §8.1). Must wait
  /// until the response has left, because nghttp2 drops what is queued for a stream being reset.
  private func resetUnfinishedRequests() -> Bool {
    guard unsafe !inbox.pointee.finishedStreams.isEmpty else { return false }
    var any = false
    if role == .server {
      for index in unsafe inbox.pointee.finishedStreams.indices {
        let stream = unsafe inbox.pointee.finishedStreams[index]
        if unsafe nghttp2_session_get_stream_remote_close(raw, stream) == 0 {
          reset(stream, .noError)
          any = true
        }
      }
    }
    unsafe inbox.pointee.finishedStreams.removeAll(keepingCapacity: true)
    return any
  }

  /// False when the connection is over in that direction; both false: close it.
  var wantsRead: Bool { unsafe nghttp2_session_want_read(raw) != 0 }
  var wantsWrite: Bool { unsafe nghttp2_session_want_write(raw) != 0 }

  /// Frames queued for sending, DATA not counted.
  var queuedFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(raw) }

  /// RST_STREAM frames that this end has sent.
  var resetsSent: Int { unsafe inbox.pointee.resetsSent }

  /// DATA frames that this end has sent.
  var dataFramesSent: Int { unsafe inbox.pointee.dataFramesSent }

  /// HEADERS and DATA frames that this end has sent.
  var answerFramesSent: Int { unsafe inbox.pointee.answerFramesSent }

  /// Cheap frames received that made the peer no progress: see ``Inbox/idleFrames``.
  var idleFramesReceived: Int { unsafe inbox.pointee.idleFrames }

  /// How many streams the peer allows at once.
  var peerMaxConcurrentStreams: Int {
    Int(
      unsafe nghttp2_session_get_remote_settings(
        raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  // MARK: Inside

  private static func makeRaw(
    _ configuration: HTTP2SessionConfiguration, _ inbox: UnsafeMutablePointer<Inbox>
  ) throws(HTTP2Error) -> OpaquePointer {
    var option: OpaquePointer?
    try unsafe check(nghttp2_option_new(&option))
    defer { unsafe nghttp2_option_del(option) }
    unsafe nghttp2_option_set_no_auto_window_update(option, 1)
    if configuration.role == .client {
      unsafe nghttp2_option_set_no_closed_streams(option, 1)
    }
    unsafe nghttp2_option_set_max_outbound_ack(option, configuration.maxQueuedAcks)
    unsafe nghttp2_option_set_max_continuations(option, configuration.maxContinuations)
    // Never: ``ConnectionPolicing`` counts the resets of both ends, with a budget of its own.
    unsafe nghttp2_option_set_stream_reset_rate_limit(option, .max, .max)
    var callbacks: OpaquePointer?
    try unsafe check(nghttp2_session_callbacks_new(&callbacks))
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    unsafe Inbox.install(on: callbacks)
    var session: OpaquePointer?
    let userData = UnsafeMutableRawPointer(inbox)
    switch configuration.role {
    case .server:
      try unsafe check(nghttp2_session_server_new2(&session, callbacks, userData, option))
    case .client:
      try unsafe check(nghttp2_session_client_new2(&session, callbacks, userData, option))
    }
    guard let session = unsafe session else { throw error(Int32(NGHTTP2_ERR_NOMEM.rawValue)) }
    do throws(HTTP2Error) {
      try unsafe announce(configuration, on: session)
    } catch {
      unsafe nghttp2_session_del(session)
      throw error
    }
    return unsafe session
  }

  private static func announce(
    _ configuration: HTTP2SessionConfiguration, on session: OpaquePointer
  ) throws(HTTP2Error) {
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
        value: configuration.maxConcurrentStreams),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(configuration.streamWindow)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(configuration.maxHeaderListBytes)),
    ]
    // A server must not send ENABLE_PUSH (RFC 9113 §6.5.2).
    if configuration.role == .client {
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    try unsafe check(nghttp2_submit_settings(session, noFlags, settings, settings.count))
    try unsafe check(
      nghttp2_session_set_local_window_size(session, noFlags, 0, configuration.connectionWindow))
  }

  static func withNameValues<Result>(
    _ headers: HeaderList, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(1, headers.count)) {
      nameValues in
      unsafe headers.withFields { fields in
        var count = 0
        while let field = unsafe fields.next() {
          // nghttp2 copies the bytes and never writes through these pointers.
          unsafe nameValues.initializeElement(
            at: count,
            to: nghttp2_nv(
              name: UnsafeMutablePointer(mutating: field.name.baseAddress),
              value: UnsafeMutablePointer(mutating: field.value.baseAddress),
              namelen: field.name.count, valuelen: field.value.count,
              flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
          count += 1
        }
        return unsafe body(UnsafePointer(nameValues.baseAddress), count)
      }
    }
  }

  private static func check(_ result: Int32) throws(HTTP2Error) {
    if result < 0 { throw error(result) }
  }

  private static func error(_ code: Int32) -> HTTP2Error {
    HTTP2Error(code: code, description: unsafe String(cString: nghttp2_strerror(code)))
  }
}
