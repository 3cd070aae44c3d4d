// SPDX-License-Identifier: Apache-2.0

import Curl
import DevStack
import Domain
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite("Objects in a bucket", .timeLimit(.minutes(5)))
struct S3ObjectStoreTests {
  /// `rclone serve s3`, which checks signatures.
  struct Bucket {
    let port: UInt16
    private let server: Run
    private let folder: TemporaryDirectory

    init(_ arguments: [String] = []) async throws {
      let folder = try TemporaryDirectory()
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/data/umc-files", withIntermediateDirectories: true)
      let server = try Run(
        Tool.named("rclone"),
        [
          "serve", "s3", "--config", "/dev/null", "--auth-key", "AKEXAMPLE,geheimgeheim", "--addr",
          "127.0.0.1:0", "\(folder.path)/data",
        ] + arguments)
      var port: UInt16?
      try await server.wait(for: "the port") {
        // "Starting s3 server on [http://127.0.0.1:35293/]"
        let match = server.output.firstMatch(of: /127\.0\.0\.1:(\d+)\//)
        port = match.flatMap { UInt16($0.1) }
        return port != nil
      }
      self.port = try #require(port)
      self.server = server
      self.folder = folder
    }

    func store(
      host: String = "127.0.0.1", scheme: String = "http", secret: String = "geheimgeheim",
      bucket: String = "umc-files", addressing: S3Configuration.Addressing? = nil,
      timeout: Duration = .seconds(20), trusting certificate: TestCertificate? = nil
    ) throws -> S3ObjectStore {
      var configuration = try S3Configuration(
        accessKeyID: "AKEXAMPLE", secretAccessKey: secret, bucket: bucket, region: "sa-east-1",
        endpoint: "\(scheme)://\(host):\(port)", addressing: addressing)
      configuration.timeout = timeout
      configuration.certificateAuthorities = certificate?.certificate
      return S3ObjectStore(configuration, client: try CurlClient())
    }

    func kill() async { await server.child.kill() }
  }

  @Test("are kept, replaced, found and forgotten, by path")
  func path() async throws {
    let bucket = try await Bucket()
    try await ObjectStoreChecks(store: bucket.store()).all()
    await bucket.kill()
  }

  @Test("are kept, replaced, found and forgotten, by host name")
  func virtualHost() async throws {
    let bucket = try await Bucket(["--force-path-style=false"])
    // libcurl resolves what ends in .localhost by itself (RFC 6761 §6.3).
    try await ObjectStoreChecks(
      store: bucket.store(host: "localhost", addressing: .virtualHost)
    ).all()
    await bucket.kill()
  }

  @Test("travel over TLS")
  func encrypted() async throws {
    let certificate = try await TestCertificate()
    let bucket = try await Bucket(["--cert", certificate.certificate, "--key", certificate.key])
    let key = try ObjectStoreChecks.key("avatars/a.png")
    let trusting = try bucket.store(scheme: "https", trusting: certificate)
    try await trusting.put([1], key: key, contentType: "image/png")
    #expect(try await trusting.get(key, limit: 1)?.bytes == [1])
    let wary = try bucket.store(scheme: "https")
    let error = await failure { () throws(ObjectStoreError) in
      try await wary.put([2], key: key, contentType: "image/png")
    }
    #expect(error?.isTransient == false)
    await bucket.kill()
  }

  @Test("are refused to whoever has the wrong secret")
  func wrongSecret() async throws {
    let bucket = try await Bucket()
    let key = try ObjectStoreChecks.key("avatars/a.png")
    try await bucket.store().put([1], key: key, contentType: "image/png")
    let thief = try bucket.store(secret: "geraten-geraten")
    for error in [
      await failure { () throws(ObjectStoreError) in
        try await thief.put([2], key: key, contentType: "image/png")
      },
      await failure { () throws(ObjectStoreError) in _ = try await thief.get(key, limit: 9) },
      await failure { () throws(ObjectStoreError) in try await thief.delete(key) },
    ] {
      #expect(error == .permanent("the server answered 403 SignatureDoesNotMatch"))
    }
    #expect(try await bucket.store().get(key, limit: 9)?.bytes == [1])
  }

  @Test("are not missing when their bucket is")
  func noBucket() async throws {
    let bucket = try await Bucket()
    let store = try bucket.store(bucket: "nobody-made-it")
    let key = try ObjectStoreChecks.key("avatars/a.png")
    for error in [
      await failure { () throws(ObjectStoreError) in
        try await store.put([2], key: key, contentType: "image/png")
      },
      await failure { () throws(ObjectStoreError) in _ = try await store.get(key, limit: 9) },
      await failure { () throws(ObjectStoreError) in try await store.delete(key) },
    ] {
      #expect(error == .permanent("the server answered 404 NoSuchBucket"))
    }
    await bucket.kill()
  }

  @Test("wait for better times while the server is away")
  func away() async throws {
    let bucket = try await Bucket()
    let store = try bucket.store()
    let key = try ObjectStoreChecks.key("avatars/a.png")
    try await store.put([1], key: key, contentType: "image/png")
    await bucket.kill()
    let error = await failure { () throws(ObjectStoreError) in
      _ = try await store.get(key, limit: 9)
    }
    #expect(error?.isTransient == true)
  }

  @Test("need settings that make sense")
  func settings() throws {
    func problem(
      key: String = "k", secret: String = "s", bucket: String = "bucket", region: String? = nil,
      endpoint: String? = nil
    ) -> S3Configuration.Problem? {
      do throws(S3Configuration.Problem) {
        _ = try S3Configuration(
          accessKeyID: key, secretAccessKey: secret, bucket: bucket, region: region,
          endpoint: endpoint)
        return nil
      } catch {
        return error
      }
    }
    #expect(problem() == nil)
    #expect(problem(key: "") == .accessKey && problem(secret: "") == .accessKey)
    for bucket in [
      "", "ab", "Bucket", "a/b", "a..b", "-ab", "ab.", "a b", String(repeating: "b", count: 64),
    ] {
      #expect(problem(bucket: bucket) == .bucket)
    }
    #expect(
      problem(bucket: "abc") == nil && problem(bucket: String(repeating: "b", count: 63)) == nil)
    #expect(problem(region: "") == .region && problem(region: "eu:x") == .region)
    for endpoint in [
      "s3.example", "ftp://s3.example", "https://", "https://a/b", "https://u@h", "https://h?x",
    ] {
      #expect(problem(endpoint: endpoint) == .endpoint)
    }
    #expect(problem(endpoint: "http://[::1]:9000/") == nil)
  }

  @Test("are looked for where Amazon keeps them")
  func addresses() throws {
    func description(_ bucket: String, _ region: String?, _ endpoint: String? = nil) throws
      -> String
    {
      let configuration = try S3Configuration(
        accessKeyID: "k", secretAccessKey: "geheim", bucket: bucket, region: region,
        endpoint: endpoint)
      #expect(!String(reflecting: configuration).contains("geheim"))
      return "\(configuration)"
    }
    #expect(try description("umc", nil) == "https://umc.s3.us-east-1.amazonaws.com/")
    #expect(try description("umc", "sa-east-1") == "https://umc.s3.sa-east-1.amazonaws.com/")
    #expect(
      try description("umc.files", "sa-east-1") == "https://s3.sa-east-1.amazonaws.com/umc.files/")
    #expect(try description("umc", nil, "http://minio:9000/") == "http://minio:9000/umc/")
  }
}
