// SPDX-License-Identifier: Apache-2.0
import DedicatedThread

/// One libcurl handle on a thread of its own: transfers run one after the other.
actor CurlThread {
  private nonisolated let thread: DedicatedThread
  private var handle: CurlHandle?

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  init() throws(ThreadStartError) {
    thread = try DedicatedThread(name: "curl")
  }

  func perform(
    _ request: CurlRequest, until deadline: ContinuousClock.Instant, ticket: CurlTicket
  ) -> Result<CurlResponse, CurlError> {
    Result { () throws(CurlError) in
      if handle == nil { handle = try CurlHandle() }
      guard let response = try handle?.perform(request, timeout: deadline - .now, ticket: ticket)
      else { throw .failed(code: 0, "no handle") }
      return response
    }
  }
}
