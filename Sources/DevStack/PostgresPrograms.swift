// SPDX-License-Identifier: Apache-2.0
import Foundation

/// An installed PostgreSQL server.
struct PostgresPrograms: Sendable {
  /// Where `initdb`, `postgres` and `createdb` are.
  let binaries: String

  var initdb: String { "\(binaries)/initdb" }
  var postgres: String { "\(binaries)/postgres" }
  var createdb: String { "\(binaries)/createdb" }

  /// Finds the version that a data directory was made by, or else the newest one.
  /// - Parameter version: the content of PG_VERSION; nil: any.
  static func find(version: String?) throws(DevStackError) -> PostgresPrograms {
    let installed = debianVersions()
    if let version {
      if let match = installed.first(where: { $0.version == version }) { return match.programs }
    } else if let newest = installed.max(by: { (Int($0.version) ?? 0) < (Int($1.version) ?? 0) }) {
      return newest.programs
    }
    // Elsewhere the server's programs are on PATH, as `initdb`'s own directory.
    if let initdb = Programs.find("initdb") {
      let resolved = URL(fileURLWithPath: initdb).resolvingSymlinksInPath()
      let programs = PostgresPrograms(binaries: resolved.deletingLastPathComponent().path)
      if FileManager.default.isExecutableFile(atPath: programs.postgres) { return programs }
    }
    let wanted = version.map { "PostgreSQL \($0)" } ?? "PostgreSQL"
    throw .missingProgram(wanted, hint: "install it (Debian: apt-get install postgresql)")
  }

  /// Whether the TimescaleDB extension can be preloaded.
  var hasTimescaleDB: Bool {
    let prefix = URL(fileURLWithPath: binaries).deletingLastPathComponent().path
    return ["lib", "lib/postgresql", "lib64", "lib64/pgsql"].contains { directory in
      FileManager.default.fileExists(atPath: "\(prefix)/\(directory)/timescaledb.so")
    }
  }

  private static func debianVersions() -> [(version: String, programs: PostgresPrograms)] {
    let root = "/usr/lib/postgresql"
    guard let versions = try? FileManager.default.contentsOfDirectory(atPath: root) else {
      return []  // Not Debian, or no server installed.
    }
    return versions.compactMap { version in
      let programs = PostgresPrograms(binaries: "\(root)/\(version)/bin")
      return FileManager.default.isExecutableFile(atPath: programs.postgres)
        ? (version, programs) : nil
    }
  }
}
