// SPDX-License-Identifier: Apache-2.0
package import DedicatedThread

/// Makes transfers with libcurl, each on one of a few threads: a slow server holds one of them and no event
/// loop. Server certificates are always verified, redirects never followed.
package final class CurlClient: Sendable {
  private let pool: WorkerPool<CurlThread>

  /// - Parameters:
  ///   - threads: transfers at a time.
  ///   - maxWaiting: transfers that may wait for a thread; one more is refused with ``CurlError/busy``.
  package init(threads: Int = 2, maxWaiting: Int = 64) throws(ThreadStartError) {
    var workers: [CurlThread] = []
    for _ in 0..<max(1, threads) { workers.append(try CurlThread()) }
    pool = WorkerPool(workers, maxWaiting: maxWaiting)
  }

  /// Runs a transfer to its end. When the calling task is cancelled, the transfer ends within about a
  /// second with ``CurlError/cancelled``; whether the server has acted on it by then is not known.
  package func perform(_ request: CurlRequest) async throws(CurlError) -> CurlResponse {
    let deadline = ContinuousClock.now.advanced(by: request.timeout)
    return try await pool.withWorker(orThrow: { $0 == .busy ? CurlError.busy : .cancelled }) {
      thread throws(CurlError) in
      let ticket = CurlTicket()
      let result = await withTaskCancellationHandler {
        await thread.perform(request, until: deadline, ticket: ticket)
      } onCancel: {
        ticket.cancel()
      }
      return try result.get()
    }
  }
}
