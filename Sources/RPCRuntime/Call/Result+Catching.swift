// SPDX-License-Identifier: Apache-2.0

extension Result {
  /// What comes of `body`: as the initializer of the standard library, for what waits. Task groups and `withValue` of
  /// task-local values do not pass typed errors on.
  @inline(always)
  package init(catching body: () async throws(Failure) -> Success) async {
    do throws(Failure) {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
