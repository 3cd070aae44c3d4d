// SPDX-License-Identifier: Apache-2.0

/// How a client treats the methods of its server (gRPC "Service Config").
public struct ServiceConfig: Sendable {
  /// For single methods, by path: `/traksense.v1.TelemetryService/Latest`.
  public var methods: [String: MethodConfig]
  /// For all other methods of a service, by its full name.
  public var services: [String: MethodConfig]
  /// For all other methods.
  public var fallback: MethodConfig?
  /// Default nil: retries are bounded by their policies only.
  public var retryThrottling: RetryThrottling?

  /// - Parameters:
  ///   - methods: by path.
  ///   - services: by full name.
  ///   - fallback: for the rest.
  ///   - retryThrottling: a bound on all retries together.
  public init(
    methods: [String: MethodConfig] = [:], services: [String: MethodConfig] = [:],
    fallback: MethodConfig? = nil, retryThrottling: RetryThrottling? = nil
  ) {
    self.methods = methods
    self.services = services
    self.fallback = fallback
    self.retryThrottling = retryThrottling
  }

  /// The most particular entry counts alone; entries are not merged.
  func config(for method: MethodDescriptor) -> MethodConfig? {
    if !methods.isEmpty, let config = methods[method.path] { return config }
    if !services.isEmpty, let config = services[method.service] { return config }
    return fallback
  }
}

/// How a client treats one method, or several.
public struct MethodConfig: Hashable, Sendable {
  /// Longest that a call may take; a caller's shorter timeout wins. nil: as the caller says.
  public var timeout: Duration?
  /// What counts when the caller does not say: see ``CallOptions/waitForReady``.
  public var waitForReady: Bool
  /// nil: calls that a server may have looked at are never sent again.
  public var retryPolicy: RetryPolicy?

  /// - Parameters:
  ///   - timeout: longest that a call may take.
  ///   - waitForReady: when the caller does not say.
  ///   - retryPolicy: for idempotent methods, or for codes that say that nothing was done.
  public init(
    timeout: Duration? = nil, waitForReady: Bool = false, retryPolicy: RetryPolicy? = nil
  ) {
    self.timeout = timeout
    self.waitForReady = waitForReady
    self.retryPolicy = retryPolicy
  }
}
