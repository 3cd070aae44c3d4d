// SPDX-License-Identifier: Apache-2.0
import CCurl

/// Each only translates between libcurl and the exchange, which is what `userData` points to.
extension CurlHandle {
  func installCallbacks(for exchange: CurlExchange) throws(CurlError) {
    // Unretained: `perform` holds the exchange for longer than libcurl holds the pointer.
    let userData = unsafe Unmanaged.passUnretained(exchange).toOpaque()
    for option in [CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_WRITEDATA, CURLOPT_XFERINFODATA] {
      try check(unsafe ts_curl_set_pointer(raw, option, userData))
    }
    try check(
      unsafe ts_curl_set_data_function(raw, CURLOPT_READFUNCTION) { bytes, size, count, userData in
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return unsafe CurlHandle.exchange(userData)?.read(into: buffer) ?? 0
      })
    try check(
      unsafe ts_curl_set_data_function(raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, userData in
        let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        // Any other number than what came is an error to libcurl.
        return unsafe CurlHandle.exchange(userData)?.write(buffer) == true ? size * count : 0
      })
    try check(
      unsafe ts_curl_set_seek_function(raw) { userData, offset, origin in
        guard origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
        let hasSought = unsafe CurlHandle.exchange(userData)?.seek(to: Int(offset)) == true
        return hasSought ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
      })
    try check(
      unsafe ts_curl_set_progress_function(raw) { userData, _, _, _, _ in
        unsafe CurlHandle.exchange(userData)?.ticket.isCancelled == true ? 1 : 0
      })
  }

  private static func exchange(_ userData: UnsafeMutableRawPointer?) -> CurlExchange? {
    unsafe userData.map { unsafe Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
  }
}
