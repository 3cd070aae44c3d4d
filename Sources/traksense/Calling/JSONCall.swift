// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Synchronization
import TrakSenseAPI

/// One call of any shape, in JSON.
final class JSONCall: Sendable {
  private let types: MethodTypes
  private let call: StreamingCall
  /// What was wrong with a request.
  private let fault = Mutex<RPCError?>(nil)

  /// Opens the call.
  init(
    _ types: MethodTypes, on channel: any RPCChannel, options: CallOptions
  ) async throws(RPCError) {
    self.types = types
    call = try await channel.open(types.method, options: options)
  }

  /// Sends the requests while it hands out the responses.
  /// - Throws: the status when it is not OK; `.invalidArgument` for a request that is not the message.
  func run(
    _ requests: RequestLines, _ print: @escaping @Sendable (String) -> Void
  ) async throws(RPCError) {
    let receiving = Task { await self.receive(print) }
    // Never waited for: it may be reading from a terminal when the server has ended the call.
    let sending = Task {
      if let fault = await self.send(requests) {
        self.fault.withLock { $0 = fault }
        receiving.cancel()
      }
    }
    let status = await receiving.value
    sending.cancel()
    if let error = fault.withLock({ $0 }) ?? status { throw error }
  }

  /// - Returns: the status; nil for OK.
  private func receive(_ print: @Sendable (String) -> Void) async -> RPCError? {
    do throws(RPCError) {
      for try await response in call.responses {
        print(String(decoding: try types.json(response: response), as: UTF8.self))
      }
      return nil
    } catch {
      return error
    }
  }

  /// - Returns: what is wrong with a request.
  private func send(_ requests: RequestLines) async -> RPCError? {
    var requests = requests
    while let line = await requests.next() {
      let request: MessageFrame
      do throws(JSONFieldError) {
        request = try types.request(json: Array(line.utf8))
      } catch {
        return RPCError(.invalidArgument, "request: \(error.description)")
      }
      do throws(RPCError) {
        try await call.requests.write(request)
      } catch {
        // The call is over; the responses say how it ended.
        return nil
      }
    }
    await call.requests.finish()
    return nil
  }
}
