// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import RPCRuntime

extension ProtobufMessage {
  /// Decodes what a client sent.
  /// - Throws: `.invalidArgument`; only the client can mend it.
  ///
  /// Never inlined: its temporaries would be part of the frame of each handler.
  @inline(never)
  package init(request: ByteBuffer) throws(RPCError) {
    do {
      try self.init(serialized: request)
    } catch {
      throw RPCError(.invalidArgument, "request is not a valid \(Self.fullName)")
    }
  }

  /// Decodes what a server sent.
  /// - Throws: `.internalError`; only the server can mend it.
  init(response: ByteBuffer) throws(RPCError) {
    do {
      try self.init(serialized: response)
    } catch {
      throw RPCError(.internalError, "response is not a valid \(Self.fullName)")
    }
  }
}
