// SPDX-License-Identifier: Apache-2.0
import CCurl

/// The owner of one `CURL`, used by one thread at a time. It keeps HTTP connections for the next request.
@safe struct CurlHandle: ~Copyable {
  let raw: UnsafeMutableRawPointer

  init() throws(CurlError) {
    guard Self.library == CURLE_OK, let raw = unsafe curl_easy_init() else {
      throw .failed(code: Int(CURLE_FAILED_INIT.rawValue), "libcurl does not start")
    }
    unsafe self.raw = raw
  }

  deinit {
    unsafe curl_easy_cleanup(raw)
  }

  /// Runs one transfer, blocking.
  /// - Parameter timeout: what is left of the request's.
  func perform(
    _ request: CurlRequest, timeout: Duration, ticket: CurlTicket
  ) throws(CurlError) -> CurlResponse {
    guard !request.hasControlCharacters else { throw .invalid("a control character") }
    if ticket.isCancelled { throw .cancelled }
    guard timeout > .zero else { throw .timedOut }
    // The handle outlives what the options point to, and may look at them when it goes.
    defer { unsafe curl_easy_reset(raw) }
    try setBounds(request, timeout: timeout)
    try setTrust(request)
    let headers = CurlList(request.headers.map { "\($0.name): \($0.value)" })
    try headers.set(CURLOPT_HTTPHEADER, of: self)
    let recipients: CurlList
    let upload: [UInt8]
    switch request.operation {
    case .get:
      (recipients, upload) = (CurlList([]), [])
      try set(CURLOPT_HTTPGET, 1)
    case .delete:
      (recipients, upload) = (CurlList([]), [])
      try set(CURLOPT_CUSTOMREQUEST, "DELETE")
    case .put(let bytes):
      (recipients, upload) = (CurlList([]), bytes)
      try set(CURLOPT_UPLOAD, 1)
      // For a server that does not know `Expect: 100-continue`.
      try set(CURLOPT_EXPECT_100_TIMEOUT_MS, 200)
    case .mail(let from, let to, let message):
      (recipients, upload) = (CurlList([to]), message)
      try set(CURLOPT_UPLOAD, 1)
      try set(CURLOPT_MAIL_FROM, from)
      try recipients.set(CURLOPT_MAIL_RCPT, of: self)
      // Says QUIT at once: the next message may be hours away.
      try set(CURLOPT_FORBID_REUSE, 1)
    }
    try check(unsafe ts_curl_set_size(raw, CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.count)))
    let exchange = CurlExchange(
      upload: upload, maxBytes: request.maxResponseBytes, ticket: ticket)
    try installCallbacks(for: exchange)
    let code = withExtendedLifetime((exchange, headers, recipients)) {
      unsafe curl_easy_perform(raw)
    }
    guard code == CURLE_OK else {
      let isMail = if case .mail = request.operation { true } else { false }
      throw CurlError(
        code, replyCode: isMail ? number(CURLINFO_RESPONSE_CODE) : 0,
        exceededLimit: exchange.isOverfull ? request.maxResponseBytes : nil)
    }
    return CurlResponse(
      code: number(CURLINFO_RESPONSE_CODE), contentType: text(CURLINFO_CONTENT_TYPE),
      body: exchange.body)
  }

  private func setBounds(_ request: CurlRequest, timeout: Duration) throws(CurlError) {
    try set(CURLOPT_URL, request.url)
    // SIGALRM would belong to the whole process.
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_NOPROGRESS, 0)
    try set(CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    // Neither proxies out of the environment nor passwords out of ~/.netrc.
    try set(CURLOPT_PROXY, "")
    try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(min(request.connectTimeout, timeout)))
    try set(CURLOPT_TIMEOUT_MS, Self.milliseconds(timeout))
  }

  private func setTrust(_ request: CurlRequest) throws(CurlError) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    // 2: the certificate's name must be the host's.
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = request.certificateAuthorities { try set(CURLOPT_CAINFO, file) }
    let use = request.requiresTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE
    try set(CURLOPT_USE_SSL, Int(use.rawValue))
    if let credentials = request.credentials {
      try set(CURLOPT_USERNAME, credentials.user)
      try set(CURLOPT_PASSWORD, credentials.password)
    }
    if let signature = request.signature { try set(CURLOPT_AWS_SIGV4, signature) }
  }

  // MARK: Options

  func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
    try check(unsafe ts_curl_set_long(raw, option, value))
  }

  /// libcurl keeps a copy.
  func set(_ option: CURLoption, _ value: String) throws(CurlError) {
    try check(unsafe ts_curl_set_text(raw, option, value))
  }

  func check(_ code: CURLcode) throws(CurlError) {
    guard code == CURLE_OK else { throw CurlError(code, replyCode: 0, exceededLimit: nil) }
  }

  private func number(_ info: CURLINFO) -> Int {
    var value = 0
    return unsafe ts_curl_get_long(raw, info, &value) == CURLE_OK ? value : 0
  }

  private func text(_ info: CURLINFO) -> String? {
    var value: UnsafeMutablePointer<CChar>?
    guard unsafe ts_curl_get_text(raw, info, &value) == CURLE_OK else { return nil }
    return unsafe value.map { unsafe String(cString: $0) }
  }

  /// Rounded up, because 0 would mean: for ever.
  private static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return max(1, Int(min(seconds, 86_400)) * 1_000 + Int(attoseconds / 1_000_000_000_000_000))
  }

  /// Once per process, for ever.
  private static let library = ts_curl_global_init()
}

/// The owner of a `curl_slist`, which libcurl does not copy.
@safe final class CurlList {
  private let head: UnsafeMutablePointer<curl_slist>?

  init(_ lines: [String]) {
    var head: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      // nil: out of memory, where Swift itself would have ended the process.
      if let longer = unsafe curl_slist_append(head, line) { unsafe head = unsafe longer }
    }
    unsafe self.head = unsafe head
  }

  deinit {
    unsafe curl_slist_free_all(head)
  }

  func set(_ option: CURLoption, of handle: borrowing CurlHandle) throws(CurlError) {
    try handle.check(unsafe ts_curl_set_list(handle.raw, option, head))
  }
}
