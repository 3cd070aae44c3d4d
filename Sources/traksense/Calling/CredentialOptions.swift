// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import RPCRuntime

/// What a command shows the server to be let in.
struct CredentialOptions: ParsableArguments {
  @Option(help: "API key; default: the environment's TRAKSENSE_API_KEY.")
  var apiKey: String?

  /// Nothing when there is no key.
  var metadata: Metadata {
    var metadata = Metadata()
    if let key = apiKey ?? ProcessInfo.processInfo.environment["TRAKSENSE_API_KEY"] {
      metadata.add(key, for: "x-api-key")
    }
    return metadata
  }
}
