// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RPCRuntime

@Suite("Interceptors that act before and after a call", .timeLimit(.minutes(5)))
struct CallBracketTests {
  /// Writes down what it sees; may refuse calls, or put an error of its own in the place of others.
  private struct Bracket: CallBracket {
    let name: String
    let log: RecordingInterceptor.Log
    var refusal: RPCError?
    var replacement: RPCError?
    /// Runs the rest with this as a task-local value.
    var mark: String?

    func scope(_ context: ServerContext) -> (any CallScope)? {
      mark.map { TaskLocalScope(CallBracketTests.$mark, $0) }
    }

    func begin(_ context: ServerContext) async throws(RPCError) {
      log.add("\(name) begins\(CallBracketTests.mark.map { " in \($0)" } ?? "")")
      if let refusal { throw refusal }
    }

    func end(_ context: ServerContext, _ error: RPCError?) -> RPCError? {
      log.add("\(name) ends: \(error?.message ?? "OK")")
      return replacement ?? error
    }
  }

  @TaskLocal private static var mark: String?

  private static func call(_ interceptors: [any ServerInterceptor]) async -> RPCError? {
    let router = RPCRouter([EchoService()], interceptors: interceptors)
    do throws(RPCError) {
      _ = try await InProcessChannel(router: router).unary(
        EchoService.say, MessageFrame { $0.writeString("x") }, options: CallOptions())
      return nil
    } catch {
      return error
    }
  }

  @Test("neighbours share a frame, and keep their order among all")
  func order() async {
    let log = RecordingInterceptor.Log()
    let brackets = ["a", "b", "d"].map { Bracket(name: $0, log: log) }
    let around = RecordingInterceptor("c", log)
    let interceptors: [any ServerInterceptor] = [brackets[0], brackets[1], around, brackets[2]]
    #expect(BracketChain.joining(interceptors).count == 3)
    #expect(await Self.call(interceptors) == nil)
    #expect(
      log.all == [
        "a begins", "b begins", "c begins Say", "d begins", "d ends: OK", "c ends Say",
        "b ends: OK", "a ends: OK",
      ])
  }

  @Test("who refuses is not ended, and who is in front of it hears why")
  func refusal() async {
    let log = RecordingInterceptor.Log()
    let error = RPCError(.permissionDenied, "no")
    let answer = await Self.call([
      Bracket(name: "a", log: log), Bracket(name: "b", log: log, refusal: error),
      Bracket(name: "c", log: log),
    ])
    #expect(answer?.message == "no")
    #expect(log.all == ["a begins", "b begins", "a ends: no"])
  }

  @Test("an error can be replaced on its way out, a success cannot become one")
  func replacement() async {
    let log = RecordingInterceptor.Log()
    let other = RPCError(.internalError, "other")
    let refusing = Bracket(name: "b", log: log, refusal: RPCError(.permissionDenied, "no"))
    let outer = Bracket(name: "a", log: log, replacement: other)
    #expect(await Self.call([outer, refusing])?.message == "other")
    #expect(await Self.call([outer, Bracket(name: "b", log: log)]) == nil)
  }

  @Test("what follows a scope runs in it, and those in front of it hear how that ended")
  func scopes() async {
    let log = RecordingInterceptor.Log()
    let refusal = RPCError(.permissionDenied, "no")
    let brackets = [
      Bracket(name: "a", log: log), Bracket(name: "b", log: log, mark: "first"),
      Bracket(name: "c", log: log), Bracket(name: "d", log: log, mark: "second"),
      Bracket(name: "e", log: log),
    ]
    #expect(await Self.call(brackets) == nil)
    #expect(
      log.all == [
        "a begins", "b begins", "c begins in first", "d begins in first", "e begins in second",
        "e ends: OK", "d ends: OK", "c ends: OK", "b ends: OK", "a ends: OK",
      ])
    let other = RecordingInterceptor.Log()
    let refusing = [
      Bracket(name: "a", log: other), Bracket(name: "b", log: other, mark: "first"),
      Bracket(name: "c", log: other, refusal: refusal),
    ]
    #expect(await Self.call(refusing)?.message == "no")
    #expect(
      other.all == ["a begins", "b begins", "c begins in first", "b ends: no", "a ends: no"])
  }
}
