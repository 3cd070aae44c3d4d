// SPDX-License-Identifier: Apache-2.0

import Curl
import DevStack
import Foundation
import TestSupport
import Testing

@Suite("A transfer with libcurl", .timeLimit(.minutes(5)))
struct CurlClientTests {
  /// `Foreign/web.py`.
  struct WebServer {
    let url: String
    private let server: Run

    private struct Listening: Decodable {
      let port: UInt16
    }

    init(certificate: TestCertificate? = nil) async throws {
      let secrets = certificate.map { ["--certificate", $0.certificate, "--key", $0.key] } ?? []
      let server = try Run.script("web.py", secrets)
      var port: UInt16?
      try await server.wait(for: "the port") {
        port = server.lines(Listening.self).first?.port
        return port != nil
      }
      url = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(try #require(port))"
      self.server = server
    }

    func kill() async { await server.child.kill() }
  }

  private func failure(_ client: CurlClient, _ request: CurlRequest) async -> CurlError? {
    do throws(CurlError) {
      _ = try await client.perform(request)
      return nil
    } catch {
      return error
    }
  }

  @Test("brings what the server says, whatever its status")
  func responses() async throws {
    let server = try await WebServer()
    let client = try CurlClient()
    let page = try await client.perform(CurlRequest("\(server.url)/bytes/5", .get))
    #expect(
      page.code == 200 && page.body == Array("xxxxx".utf8) && page.contentType == "text/x-test")
    for status in [204, 400, 404, 500, 503] {
      #expect(
        try await client.perform(CurlRequest("\(server.url)/status/\(status)", .get)).code == status
      )
    }
    let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    let stored = try await client.perform(CurlRequest("\(server.url)/x", .put(body)))
    #expect(stored.code == 201 && stored.body == body.reversed())
    #expect(try await client.perform(CurlRequest("\(server.url)/x", .put([]))).code == 201)
    #expect(try await client.perform(CurlRequest("\(server.url)/x", .delete)).code == 204)
  }

  @Test("does not follow redirects")
  func redirect() async throws {
    let server = try await WebServer()
    let response = try await CurlClient().perform(CurlRequest("\(server.url)/redirect", .get))
    #expect(response.code == 302 && response.body.isEmpty)
  }

  @Test("takes a body up to its limit", arguments: [999, 1000, 1001])
  func limit(count: Int) async throws {
    let server = try await WebServer()
    var request = CurlRequest("\(server.url)/bytes/\(count)", .get)
    request.maxResponseBytes = 1000
    let error = await failure(try CurlClient(), request)
    #expect(error == (count > 1000 ? .tooLarge(limit: 1000) : nil))
    request.url = "\(server.url)/endless"
    #expect(await failure(try CurlClient(), request) == .tooLarge(limit: 1000))
  }

  @Test("ends at its timeout, waiting for a thread included")
  func timeout() async throws {
    let server = try await WebServer()
    let client = try CurlClient(threads: 1)
    var request = CurlRequest("\(server.url)/slow", .get)
    request.timeout = .milliseconds(600)
    let slow = request
    async let first = failure(client, slow)
    async let second = failure(client, slow)
    #expect(await [first, second] == [.timedOut, .timedOut])
    // The thread is as good as new.
    #expect(try await client.perform(CurlRequest("\(server.url)/bytes/1", .get)).code == 200)
  }

  @Test("ends when its task is cancelled, running or waiting")
  func cancellation() async throws {
    let server = try await WebServer()
    let client = try CurlClient(threads: 1)
    let request = CurlRequest("\(server.url)/slow", .get)
    let tasks = (0..<3).map { _ in Task { await failure(client, request) } }
    for task in tasks { task.cancel() }
    for task in tasks { #expect(await task.value == .cancelled) }
  }

  @Test("is refused when enough are waiting")
  func busy() async throws {
    let server = try await WebServer()
    let client = try CurlClient(threads: 2, maxWaiting: 1)
    let request = CurlRequest("\(server.url)/slow", .get)
    let answers = AsyncStream<CurlError?>.makeStream()
    let tasks = (0..<4).map { _ in
      Task { answers.continuation.yield(await failure(client, request)) }
    }
    var iterator = answers.stream.makeAsyncIterator()
    // Three run or wait for long; the fourth is answered at once.
    #expect(await iterator.next() == .busy)
    for task in tasks { task.cancel() }
    for _ in 0..<3 { #expect(await iterator.next() == .cancelled) }
    #expect(try await client.perform(CurlRequest("\(server.url)/bytes/1", .get)).code == 200)
  }

  @Test("does not reach a server that is away, or that goes away")
  func away() async throws {
    let server = try await WebServer()
    let client = try CurlClient()
    let short = await failure(client, CurlRequest("\(server.url)/short", .get))
    #expect(short?.isTransient == true)
    // A kept connection whose server has gone.
    #expect(try await client.perform(CurlRequest("\(server.url)/bytes/1", .get)).code == 200)
    await server.kill()
    let gone = await failure(client, CurlRequest("\(server.url)/bytes/1", .get))
    guard case .unreachable = gone else { throw Unexpected(error: gone) }
    let nowhere = await failure(client, CurlRequest("http://no-such-host.invalid/", .get))
    guard case .unreachable = nowhere else { throw Unexpected(error: nowhere) }
  }

  @Test("trusts no certificate that is not vouched for")
  func certificates() async throws {
    let certificate = try await TestCertificate()
    let server = try await WebServer(certificate: certificate)
    var request = CurlRequest("\(server.url)/bytes/3", .get)
    let stranger = await failure(try CurlClient(), request)
    guard case .untrusted = stranger else { throw Unexpected(error: stranger) }
    request.certificateAuthorities = certificate.certificate
    #expect(try await CurlClient().perform(request).code == 200)
    // Right authority, wrong name.
    request.url = request.url.replacing("127.0.0.1", with: "localhost")
    let other = await failure(try CurlClient(), request)
    guard case .untrusted = other else { throw Unexpected(error: other) }
  }

  @Test(
    "knows no protocol but http and smtp",
    arguments: [
      "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:1/", "dict://127.0.0.1/", "",
    ])
  func protocols(url: String) async throws {
    let error = await failure(try CurlClient(), CurlRequest(url, .get))
    guard case .invalid = error else { throw Unexpected(error: error) }
  }

  @Test(
    "carries no control character into a header, a command or a URL",
    arguments: ["\r\n", "\n", "\0", "\u{7f}"])
  func injection(breaking: String) async throws {
    let evil = "a\(breaking)b"
    var requests = [CurlRequest("http://127.0.0.1:1/\(evil)", .get)]
    requests.append(CurlRequest("smtp://127.0.0.1:1", .mail(from: evil, to: "a", message: [])))
    requests.append(CurlRequest("smtp://127.0.0.1:1", .mail(from: "a", to: evil, message: [])))
    for (name, value) in [("x", evil), (evil, "x")] {
      var request = CurlRequest("http://127.0.0.1:1/", .get)
      request.headers = [(name, value)]
      requests.append(request)
    }
    for (user, password) in [("x", evil), (evil, "x")] {
      var request = CurlRequest("http://127.0.0.1:1/", .get)
      request.credentials = .init(user: user, password: password)
      requests.append(request)
    }
    let client = try CurlClient()
    for request in requests {
      #expect(await failure(client, request) == .invalid("a control character"))
    }
  }

  @Test("does not print what it carries")
  func redacted() {
    var request = CurlRequest("http://h/", .get)
    request.credentials = .init(user: "ana", password: "geheim")
    #expect(!"\(request) \(request.credentials as Any)".contains("geheim"))
    #expect(!String(reflecting: request).contains("ana"))
  }

  private struct Unexpected: Error {
    let error: CurlError?
  }
}
