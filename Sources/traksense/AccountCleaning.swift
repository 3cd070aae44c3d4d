// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Persistence
import ServiceLifecycle

/// Removes sessions, mails and failures that are over, once an hour.
struct AccountCleaning: NamedService {
  private static let interval = Duration.seconds(3_600)

  let cleaner: AccountCleaner
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do throws(StoreError) {
          let report = try await cleaner.clean(at: WallClock.system.now())
          logger.debug("accounts cleaned", metadata: ["removed": "\(report)"])
        } catch {
          logger.warning("accounts could not be cleaned", metadata: ["error": "\(error)"])
        }
        do {
          try await Task.sleep(for: Self.interval)
        } catch {
          return
        }
      }
    }
  }
}
