// SPDX-License-Identifier: Apache-2.0

import ByteText
import NIOCore
import Testing

@testable import RPCRuntime

@Suite("Metadata", .timeLimit(.minutes(1)))
struct MetadataTests {
  @Test("padded texts one behind the other are read, however they are cut")
  func texts() throws {
    let parts = ["f", "", "fooba", "foo", "fooo", "fo"]
    let text = parts.flatMap { Base64.encode($0.utf8) }
    for first in 0...text.count {
      for second in first...text.count {
        var decoder = Base64.Decoder()
        var decoded = ByteBuffer()
        for cut in [text[..<first], text[first..<second], text[second...]] {
          #expect(Array(cut).withUnsafeBytes { decoder.take($0, into: &decoded) })
        }
        let ends = decoder.finish(into: &decoded)
        #expect(ends && String(buffer: decoded) == parts.joined(), "cut at \(first), \(second)")
      }
    }
  }

  @Test("binary values keep their bytes and their order")
  func binaries() {
    var metadata: Metadata = ["x-other": "text"]
    metadata.addBinary([0, 255], for: "X-Data-Bin")
    metadata.addBinary([], for: "x-data-bin")
    #expect(metadata.entries[1] == Metadata.Entry(key: "x-data-bin", value: "AP8"))
    #expect(metadata.binaries("x-data-bin") == [[0, 255], []])
    #expect(metadata.binary("x-data-bin") == [])
    #expect(metadata.binary("x-none-bin") == nil)
    metadata.add("!", for: "x-data-bin")
    #expect(metadata.binary("x-data-bin") == nil)
    #expect(metadata.binaries("x-data-bin") == [[0, 255], []])
  }

  @Test("what has no place in a header is not sendable")
  func sendable() {
    for (key, value) in [
      ("", "v"), ("X", "v"), ("a b", "v"), (":path", "v"), ("ü", "v"), ("x", "ü"), ("x", "a\nb"),
      ("x", "\u{0}"), ("x", "\u{7F}"), ("x-bin", "?"), ("x-bin", "A"), ("grpc-status", "0"),
      ("grpc-anything", "v"), ("grpc-timeout", "1S"), ("te", "trailers"), ("content-type", "v"),
      ("connection", "close"), ("host", "h"), ("transfer-encoding", "chunked"),
    ] {
      #expect(!Metadata.Entry(key: key, value: value).isSendable, "\(key): \(value)")
    }
    for (key, value) in [
      ("x", ""), ("a.b_c-1", " ~!"), ("x-bin", ""), ("x-bin", "AAA="), ("x-bin", "AAA"),
      ("grpc-status-details-bin", "AAA"), ("grpcx", "v"), ("user-agent", "v"),
    ] {
      #expect(Metadata.Entry(key: key, value: value).isSendable, "\(key): \(value)")
    }
  }

  @Test("gRPC's own client sends binary metadata and gets it back, before and after the message")
  func grpcio() async throws {
    try await Loopback.run { loopback in
      let said = try await ForeignTool.python(
        """
        import sys, grpc
        channel = grpc.insecure_channel(sys.argv[1])
        sent = [bytes(range(256)), b"", b"\\0", b"ab"]
        metadata = [("x-bytes-bin", value) for value in sent]
        def check(pairs):
            pairs = [(key, value) for key, value in pairs if key.startswith("x-")]
            assert [value for key, value in pairs if key == "x-bytes-bin"] == sent, pairs
            others = {key: value for key, value in pairs if key != "x-bytes-bin"}
            assert others == {"x-padded-bin": b"a", "x-right": "right"}, others
        mirror = channel.unary_unary("/echo.Echo/Mirror")
        reply, call = mirror.with_call(b"text", metadata=metadata, timeout=20)
        assert reply == b"text"
        check(call.initial_metadata())
        check(call.trailing_metadata())
        try:
            mirror(b"", metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.ABORTED, error.code()
            assert [value for key, value in error.trailing_metadata() if key == "x-right"] == ["right"] * 3
        else:
            raise SystemExit("no error")
        print("done")
        """, ["127.0.0.1:\(loopback.port)"])
      #expect(said == "done\n")
    }
  }

  @Test("binary values are accepted padded, unpadded and joined with commas, and sent unpadded")
  func onTheWire() async throws {
    try await Loopback.run { loopback in
      let peer = try await RawPeer.begin(with: loopback)
      let fields: RawFrame.Fields = [
        ("x-bytes-bin", "YQ=="), ("x-bytes-bin", "YWI,YWJj,YQ=="), ("x-bytes-bin", "?"),
      ]
      await peer.send(
        .headers(1, RawFrame.request(EchoService.mirror, fields)),
        .data(1, RawFrame.message("text"), end: true))
      try await peer.answered(1)
      #expect(peer.status(1) == "0")
      let lists = peer.headers(1)
      try #require(lists.count == 2)
      for list in lists {
        #expect(
          list.customMetadata.entries.filter { $0.key == "x-bytes-bin" }.map(\.value)
            == ["YQ", "YWI", "YWJj", "YQ"])
        #expect(list["x-padded-bin"] == "YQ")
        #expect(list["x-right"] == "right")
        for name in ["x-line", "x-umlaut", "x-wrong-bin", "te", "connection"] as [StaticString] {
          #expect(list[name] == nil)
        }
      }
      #expect(lists[0]["content-type"] == "application/grpc")
      try await peer.expectCall(3)
    }
  }

  @Test("the client carries binary metadata both ways")
  func client() async throws {
    try await Loopback.run { loopback in
      var options = CallOptions()
      options.metadata.addBinary([1, 2, 3], for: "x-bytes-bin")
      let reply = try await loopback.client.unary(
        EchoService.mirror, MessageFrame { $0.writeString("text") }, options: options)
      #expect(reply.initialMetadata.binaries("x-bytes-bin") == [[1, 2, 3]])
      #expect(reply.trailingMetadata.binary("x-bytes-bin") == [1, 2, 3])
    }
  }
}
