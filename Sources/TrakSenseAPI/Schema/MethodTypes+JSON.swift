// SPDX-License-Identifier: Apache-2.0

public import NIOCore
public import RPCRuntime

/// Calls whose messages are only known at run time.
extension MethodTypes {
  /// The binary form of a request, ready to be sent.
  /// - Parameters:
  ///   - json: its proto3 JSON form.
  ///   - parsing: how strictly it is taken; default: members that the message does not have are errors.
  /// - Throws: the path of the first field that is wrong.
  public func request(
    json: [UInt8], parsing: JSONParsing = JSONParsing(ignoreUnknown: false)
  ) throws(JSONFieldError) -> MessageFrame {
    try request.init(json: json, parsing: parsing).frame()
  }

  /// The proto3 JSON form of a response.
  /// - Throws: `.internalError` when the bytes are not the response's message.
  public func json(response bytes: ByteBuffer) throws(RPCError) -> [UInt8] {
    do throws(ProtobufError) {
      return try response.init(serialized: bytes).json
    } catch {
      throw RPCError(.internalError, "response is not a valid \(response.fullName)")
    }
  }
}
