// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime

extension RPCServing {
  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them, and with the files that they name.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    tls = Self.tls(values, &problems)
    unixSocket = values[.rpcUnixSocket]
    if let permissions = values[.rpcUnixPermissions].flatMap({ UInt32($0, radix: 8) }),
      permissions <= 0o777
    {
      unixPermissions = permissions
    } else {
      problems.append("\(Setting.rpcUnixPermissions.rawValue) is not an octal number up to 777")
    }
    func seconds(_ setting: Setting) -> TimeAmount? {
      guard let text = values[setting] else { return nil }
      guard let seconds = Int64(text), (1...315_360_000).contains(seconds) else {
        problems.append("\(setting.rawValue) is not a number of seconds from 1 to 315360000")
        return nil
      }
      return .seconds(seconds)
    }
    keepaliveTime = seconds(.rpcKeepaliveTime) ?? keepaliveTime
    maxConnectionIdle = seconds(.rpcMaxConnectionIdle)
    maxConnectionAge = seconds(.rpcMaxConnectionAge)
    maxConnectionAgeGrace = seconds(.rpcMaxConnectionAgeGrace) ?? maxConnectionAgeGrace
  }

  private static func tls(_ values: [Setting: String], _ problems: inout [String]) -> TLS? {
    guard let listen = values[.rpcTLSListen] else {
      for setting in [Setting.rpcTLSCertificate, .rpcTLSKey, .rpcTLSClientAuthorities]
      where values[setting] != nil {
        problems.append("\(setting.rawValue) has no use without \(Setting.rpcTLSListen.rawValue)")
      }
      return nil
    }
    let address = ListenAddress(listen)
    if address == nil { problems.append("\(Setting.rpcTLSListen.rawValue) is not host:port") }
    func file(_ setting: Setting) -> String? {
      if let file = values[setting] { return file }
      problems.append("\(setting.rawValue) is missing: \(setting.help)")
      return nil
    }
    let certificate = file(.rpcTLSCertificate)
    let key = file(.rpcTLSKey)
    let authentication: ServerTLSConfiguration.ClientAuthentication?
    switch values[.rpcTLSClientAuthentication] {
    case "none": authentication = ServerTLSConfiguration.ClientAuthentication.none
    case "optional":
      authentication = file(.rpcTLSClientAuthorities).map { .optional(authorities: $0) }
    case "required":
      authentication = file(.rpcTLSClientAuthorities).map { .required(authorities: $0) }
    default:
      problems.append(
        "\(Setting.rpcTLSClientAuthentication.rawValue) is not none, optional or required")
      authentication = nil
    }
    guard let address, let certificate, let key, let authentication else { return nil }
    let files = ServerTLSConfiguration(
      certificateChainFile: certificate, privateKeyFile: key, clientAuthentication: authentication)
    do throws(ServerTLSError) {
      _ = try ServerTLS(files)
    } catch {
      let setting: Setting =
        error.file == certificate
        ? .rpcTLSCertificate : error.file == key ? .rpcTLSKey : .rpcTLSClientAuthorities
      problems.append("\(setting.rawValue) cannot be used: \(error)")
      return nil
    }
    return TLS(address: address, files: files)
  }
}
