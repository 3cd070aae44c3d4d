// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TrakSenseAPI

/// `devices`: what measures a site.
struct Devices: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the devices of a site, or of all sites.")

  @OptionGroup var connection: Connection

  @Option(help: "Name of the site.")
  var site: String?

  func run() async throws {
    try await connection.run { channel in
      let sites = TraksenseV1.SiteServiceClient(channel: channel)
      let devices = TraksenseV1.DeviceServiceClient(channel: channel)
      var request = TraksenseV1.ListDevicesRequest(pageSize: 100)
      if let site { request.site = ProtoUInt32Value(try await id(of: site, sites)) }
      // Page by page; `count` is that of the whole list.
      var seen = 0
      repeat {
        request.page += 1
        let page = try await devices.listDevices(request)
        for device in page.results { Output.say(line(device)) }
        seen += page.results.count
        if page.results.isEmpty || seen >= Int(page.count) { break }
      } while true
    }
  }

  /// `search` finds words anywhere; the name must be the whole one.
  private func id(
    of name: String, _ sites: TraksenseV1.SiteServiceClient
  ) async throws(RPCError) -> UInt32 {
    let found = try await sites.listSites(.init(search: name)).results.filter { $0.name == name }
    guard let site = found.first else { throw RPCError(.notFound, "no site is called '\(name)'") }
    return site.id
  }

  private func line(_ device: TraksenseV1.Device) -> String {
    let seen = device.lastSeen.map { "last seen \($0.rfc3339)" } ?? "never seen"
    return Output.column(device.mqttClientID, 12) + Output.column(device.siteName, 28)
      + Output.column(device.status, 12)
      + "\(device.onlineSensorCount)/\(device.sensorCount) sensors online, \(seen)"
  }
}
