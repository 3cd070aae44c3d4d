// SPDX-License-Identifier: Apache-2.0
import CMosquitto
import Glibc

/// One connection to a broker: the owner of one `struct mosquitto`, which never reconnects by itself.
/// Going away closes the socket without DISCONNECT, and so without acknowledging anything that is queued.
///
/// libmosquitto believes that another thread writes (`mosquitto_threaded_set`): every packet it wants
/// to send, PUBACKs before all, is queued and leaves in ``flush(until:)`` and nowhere else
/// (lib/packet_mosq.c, `packet__queue`). That is what "ack means committed" rests on.
///
/// Not Sendable: belongs to the actor that made it.
@safe final class MosquittoClient {
  private let raw: OpaquePointer
  let inbox: MosquittoInbox

  /// - Parameters:
  ///   - cleanSession: true: the broker forgets us when we leave.
  ///   - inflight: QoS 1 publishes that may be unacknowledged.
  init(
    id: String, cleanSession: Bool, maxPayloadBytes: Int, inflight: Int = 20
  ) throws(MQTTError) {
    guard Self.library == MOSQ_ERR_SUCCESS.rawValue else {
      throw .failed("initialising libmosquitto", reason: "code \(Self.library)")
    }
    inbox = MosquittoInbox(maxPayloadBytes: maxPayloadBytes)
    // Unretained: the client holds the inbox for longer than libmosquitto holds the pointer.
    let userData = unsafe Unmanaged.passUnretained(inbox).toOpaque()
    guard let raw = unsafe mosquitto_new(id, cleanSession, userData) else {
      throw .failed("mosquitto_new", reason: "errno \(errno)")
    }
    unsafe self.raw = raw
    unsafe Self.installCallbacks(on: raw)
    try check(unsafe mosquitto_threaded_set(raw, true), "mosquitto_threaded_set")
    try check(
      unsafe mosquitto_int_option(raw, MOSQ_OPT_SEND_MAXIMUM, Int32(inflight)), "send maximum")
  }

  deinit {
    unsafe mosquitto_destroy(raw)
  }

  // MARK: - Coming and going

  /// Opens the connection, sends CONNECT and, when asked to, SUBSCRIBE (QoS 1), and waits for the broker's
  /// CONNACK. The SUBACK is left for the inbox. Blocks: for the resolver and the TCP handshake as long as
  /// the system lets them, then until `deadline`.
  ///
  /// SUBSCRIBE does not wait for the CONNACK (MQTT 3.1.1 §3.1.4 allows it), because behind the CONNACK come
  /// the messages of a session that the broker kept, and behind them nothing may be written until they
  /// are committed.
  func connect(
    to endpoint: MQTTEndpoint, keepalive: Duration, subscribingTo filter: String?,
    until deadline: ContinuousClock.Instant
  ) throws(MQTTError) {
    if let username = endpoint.username {
      try check(
        unsafe mosquitto_username_pw_set(raw, username, endpoint.password), "setting the user")
    }
    if endpoint.usesTLS {
      try check(
        unsafe mosquitto_tls_set(raw, nil, endpoint.certificateAuthorities, nil, nil, nil),
        "setting up TLS")
    }
    let code = unsafe mosquitto_connect(
      raw, endpoint.host, Int32(endpoint.port), Int32(keepalive.components.seconds))
    try check(code, "connecting to \(endpoint)")
    if let filter { try check(unsafe mosquitto_subscribe(raw, nil, filter, 1), "subscribing") }
    try flush(until: deadline)
    while inbox.connectionReturnCode == nil {
      let remaining = deadline - .now
      guard remaining > .zero else { throw .timedOut("CONNECT") }
      SocketReadiness.wait(for: socket, [.readable], upTo: remaining)
      try read()
    }
    if let code = inbox.connectionReturnCode, code != 0 { throw .refused(returnCode: code) }
  }

  /// Sends DISCONNECT, behind everything that is queued, and waits for the broker to hang up.
  ///
  /// libmosquitto closes its socket at once. Closing one with unread data in it resets the connection
  /// (RFC 1122 §4.2.2.13), and PUBACKs that the broker has not read yet are lost: the messages would come
  /// again. A second descriptor keeps the connection until everything was read.
  func disconnect(until deadline: ContinuousClock.Instant) throws(MQTTError) {
    let descriptor = dup(socket)
    defer { if descriptor >= 0 { close(descriptor) } }
    try check(unsafe mosquitto_disconnect(raw), "DISCONNECT")
    try flush(until: deadline)
    guard descriptor >= 0 else { return }
    let end = min(deadline, .now + Self.hangUpTime)
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while ContinuousClock.now < end {
      SocketReadiness.wait(for: descriptor, [.readable], upTo: end - .now)
      let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { return }
    }
  }

  /// For the broker to close the connection after DISCONNECT; one that does not is left alone.
  private static let hangUpTime = Duration.seconds(1)

  // MARK: - Moving packets

  /// The socket's descriptor; -1 when closed.
  var socket: Int32 { unsafe mosquitto_socket(raw) }

  /// Whether packets are queued.
  var wantsToWrite: Bool { unsafe mosquitto_want_write(raw) }

  /// Reads what is there of the next packet; a complete one goes to the inbox.
  func read() throws(MQTTError) {
    try check(unsafe mosquitto_loop_read(raw, 1), "reading")
  }

  /// Writes as many queued packets as the socket takes now.
  func write() throws(MQTTError) {
    try check(unsafe mosquitto_loop_write(raw, 1), "writing")
  }

  /// Writes all queued packets.
  func flush(until deadline: ContinuousClock.Instant) throws(MQTTError) {
    try write()
    while wantsToWrite {
      let remaining = deadline - .now
      guard remaining > .zero else { throw .timedOut("writing to the broker") }
      SocketReadiness.wait(for: socket, [.writable], upTo: remaining)
      try write()
    }
  }

  /// Queues a PINGREQ when it is time, and notices a broker that does not answer one.
  func keepAlive() throws(MQTTError) {
    try check(unsafe mosquitto_loop_misc(raw), "keepalive")
  }

  /// Queues a QoS 1 PUBLISH.
  /// - Returns: its packet id, which the inbox reports when the broker has it.
  func publish(topic: String, payload: [UInt8], retain: Bool) throws(MQTTError) -> Int32 {
    var packetID: Int32 = 0
    try check(
      unsafe mosquitto_publish(raw, &packetID, topic, Int32(payload.count), payload, 1, retain),
      "publishing")
    return packetID
  }

  private func check(_ code: Int32, _ action: String) throws(MQTTError) {
    guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
    let isSystemError = code == MOSQ_ERR_ERRNO.rawValue
    let text: String
    if isSystemError, let reason = unsafe strerror(errno) {
      text = unsafe String(cString: reason)
    } else if let reason = unsafe mosquitto_strerror(code) {
      text = unsafe String(cString: reason)
    } else {
      text = "code \(code)"
    }
    throw .failed(action, reason: text)
  }

  /// Once per process, for ever.
  private static let library = mosquitto_lib_init()
}
