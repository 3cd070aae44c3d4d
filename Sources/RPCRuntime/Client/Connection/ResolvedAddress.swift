// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// An address to connect to, and what it was found by.
struct ResolvedAddress: Hashable, Sendable {
  let socket: SocketAddress
  /// Host and port as the target named them.
  let authority: String
  /// The name that the server's certificate must carry; nil: its IP address.
  let serverName: String?
}
