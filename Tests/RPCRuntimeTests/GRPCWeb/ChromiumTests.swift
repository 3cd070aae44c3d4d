// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RPCRuntime

@Suite("gRPC-Web in Chromium", .timeLimit(.minutes(5)))
struct ChromiumTests {
  /// Knows nothing of gRPC but how frames are cut.
  private static let page = """
    <!doctype html><title>gRPC-Web</title><script>
    const log = {};
    function frame(text) {
      const message = new TextEncoder().encode(text);
      const bytes = new Uint8Array(5 + message.length);
      new DataView(bytes.buffer).setUint32(1, message.length);
      bytes.set(message, 5);
      return bytes;
    }
    class Frames {
      bytes = new Uint8Array(0); digits = ''; messages = []; trailers = '';
      take(chunk, isText) {
        if (isText) {
          this.digits += new TextDecoder().decode(chunk);
          const whole = this.digits.length - this.digits.length % 4;
          let binary = '';
          for (let i = 0; i < whole; i += 4) binary += atob(this.digits.slice(i, i + 4));
          this.digits = this.digits.slice(whole);
          chunk = Uint8Array.from(binary, (c) => c.charCodeAt(0));
        }
        const joined = new Uint8Array(this.bytes.length + chunk.length);
        joined.set(this.bytes); joined.set(chunk, this.bytes.length);
        this.bytes = joined;
        while (this.bytes.length >= 5) {
          const length = new DataView(this.bytes.buffer, this.bytes.byteOffset).getUint32(1);
          if (this.bytes.length < 5 + length) break;
          const content = new TextDecoder().decode(this.bytes.slice(5, 5 + length));
          if (this.bytes[0] === 0x80) this.trailers = content; else this.messages.push(content);
          this.bytes = this.bytes.slice(5 + length);
        }
      }
    }
    async function call(name, method, text, isText, onMessage = () => {}) {
      const stop = new AbortController();
      const bytes = frame(text);
      try {
        const response = await fetch(SERVER + '/echo.Echo/' + method, {
          method: 'POST', signal: stop.signal, credentials: 'include',
          headers: {
            'content-type': 'application/grpc-web' + (isText ? '-text' : '') + '+proto',
            'x-grpc-web': '1', 'x-request': 'from the page',
          },
          body: isText ? btoa(String.fromCharCode(...bytes)) : bytes,
        });
        const frames = new Frames();
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          frames.take(value, isText);
          onMessage(frames, stop);
        }
        log[name] = {
          status: response.headers.get('grpc-status'), detail: response.headers.get('x-detail'),
          initial: response.headers.get('x-initial'), count: frames.messages.length,
          first: frames.messages[0], trailers: frames.trailers,
        };
      } catch (error) {
        log[name] = { error: error.name };
      }
    }
    async function all() {
      for (const isText of [false, true]) {
        const form = isText ? 'text ' : 'binary ';
        await call(form + 'unary', 'Say', 'grüß dich', isText);
        await call(form + 'stream', 'Flood', '50', isText);
        await call(form + 'error', 'Fail', '5', isText);
        // The stream is open for as long as it is wanted.
        await call(form + 'idle', 'Idle', '', isText, (frames, stop) => {
          log[form + 'live'] = frames.messages[0];
          stop.abort();
        });
      }
      log.done = true;
    }
    all();
    </script>
    """

  private struct Outcome: Decodable, Equatable {
    var status: String?
    var detail: String?
    var initial: String?
    var count: Int?
    var first: String?
    var trailers: String?
    var error: String?
  }

  private struct Line: Decodable {
    let event: String
    let value: String?
  }

  /// What the page has logged, as JSON.
  private static func browse(_ origin: String) async throws -> [String: Any] {
    let folder = try TemporaryDirectory()
    let script = "\(Repository.root)/Tests/IntegrationTests/Clients/browser.py"
    let browser = try Run(
      Tool.python(),
      [
        script, Tool.named("chromium").path, origin + "/", "\(folder.path)/profile",
        "\(folder.path)/screenshot.png", "log.done && JSON.stringify(log)",
      ])
    try await browser.succeed()
    let lines = browser.lines(Line.self)
    let log = try #require(lines.first { $0.event == "true" }?.value)
    return try #require(
      try JSONSerialization.jsonObject(with: Data(log.utf8)) as? [String: Any])
  }

  private static func outcome(_ log: [String: Any], _ name: String) throws -> Outcome {
    let object = try #require(log[name], "\(name)")
    return try JSONDecoder().decode(
      Outcome.self, from: JSONSerialization.data(withJSONObject: object))
  }

  @Test("a page of an allowed origin calls and streams with fetch, in binary and in text")
  func allowed() async throws {
    try await PageServer.run { server in
      try await Loopback.run(allowedOrigins: [server.origin]) { loopback in
        server.page.withLock { $0 = Self.page(of: loopback) }
        let log = try await Self.browse(server.origin)
        for form in ["binary", "text"] {
          let unary = try Self.outcome(log, form + " unary")
          #expect(unary.first == "grüß dich")
          #expect(unary.initial == "i")
          #expect(unary.trailers?.contains("grpc-status: 0\r\n") == true)
          #expect(unary.trailers?.contains("x-trailing: from the page\r\n") == true)
          let stream = try Self.outcome(log, form + " stream")
          #expect(stream.count == 50)
          #expect(stream.trailers == "grpc-status: 0\r\n")
          let error = try Self.outcome(log, form + " error")
          #expect(error.status == "5")
          #expect(error.detail == "d")
          #expect(log[form + " live"] as? String == "first")
          #expect(try Self.outcome(log, form + " idle").error == "AbortError")
        }
        try await eventually("the handlers of streams that the page left are cancelled") {
          loopback.service.cancelled.load(ordering: .relaxed) == 2
        }
      }
    }
  }

  @Test("a page of another origin learns nothing")
  func foreign() async throws {
    try await PageServer.run { server in
      try await Loopback.run(allowedOrigins: ["http://127.0.0.1:1"]) { loopback in
        server.page.withLock { $0 = Self.page(of: loopback) }
        let log = try await Self.browse(server.origin)
        for form in ["binary", "text"] {
          for call in ["unary", "stream", "error", "idle"] {
            #expect(
              try Self.outcome(log, "\(form) \(call)") == Outcome(error: "TypeError"))
          }
        }
        #expect(loopback.service.written.load(ordering: .relaxed) == 0)
      }
    }
  }

  private static func page(of loopback: Loopback) -> String {
    page.replacingOccurrences(of: "SERVER", with: "'http://127.0.0.1:\(loopback.port)'")
  }
}
