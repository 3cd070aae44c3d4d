// SPDX-License-Identifier: Apache-2.0
import Domain
import Testing

@Suite("Values of the catalogue")
struct CatalogueValueTests {
  @Test(
    "a coordinate is exact to six decimals",
    arguments: [
      ("0", "0.000000"), ("-0", "0.000000"), ("90", "90.000000"), ("-90.000000", "-90.000000"),
      ("+12.5", "12.500000"), ("-0.000001", "-0.000001"), ("89.999999", "89.999999"),
    ])
  func coordinates(_ text: String, _ expected: String) {
    #expect(Coordinate(text, .latitude)?.description == expected)
  }

  @Test(
    "what is no coordinate is refused",
    arguments: [
      "", "-", ".", ".5", "1.", "1.2.3", "90.000001", "-90.000001", "95", "1e1", "1.1234567", "٣",
      " 1", "0x1", "--1", "NaN", "1,5", "0001", "1234567890123456789012",
    ])
  func badCoordinates(_ text: String) {
    #expect(Coordinate(text, .latitude) == nil)
  }

  @Test("longitudes go twice as far")
  func longitudes() {
    #expect(Coordinate("180", .longitude) != nil)
    #expect(Coordinate("-180.000001", .longitude) == nil)
  }

  @Test("a date is a day that there was")
  func dates() {
    for text in ["2024-02-29", "0001-01-01", "9999-12-31"] {
      #expect(CalendarDate(text)?.description == text)
    }
    for text in ["2023-02-29", "2024-13-01", "2024-1-1", "20240101", "2024-02-29T00:00:00Z", ""] {
      #expect(CalendarDate(text) == nil)
    }
  }

  @Test("a tag is one level of a topic, in capitals")
  func tags() {
    #expect(AssetTag("ch-001")?.rawValue == "CH-001")
    for text in ["", "a/b", "+", "#", "a\u{7}", String(repeating: "x", count: 101)] {
      #expect(AssetTag(text) == nil)
    }
    #expect(AssetTag(String(repeating: "x", count: 100)) != nil)
    #expect(AssetTag(madeFrom: "Água gelada / nº 1", number: 12)?.rawValue == "ÁGUA-GELADA-Nº-1-12")
    #expect(AssetTag(madeFrom: " /#+ ") == nil)
    let long = AssetTag(madeFrom: String(repeating: "ß", count: 300), number: 1_000)
    #expect(long?.rawValue.unicodeScalars.count == 100)
    #expect(long?.rawValue.hasSuffix("-1000") == true)
  }

  @Test("words are taken in any case")
  func words() {
    #expect(AssetType(anyCase: "chiller") == .chiller)
    #expect(MetricType(anyCase: "TEMP_supply") == .supplyTemperature)
    #expect(MetricType(anyCase: "temperature") == nil)
    #expect(MetricType.allCases.count == 27)
    #expect(AssetType.allCases.count == 15)
    #expect(AssetStatus.list == "OK, MAINTENANCE, STOPPED, ALERT")
  }

  @Test(
    "a variable is called by what follows the first underscore of its tag",
    arguments: [
      ("dev_rssi", "RSSI"), ("dev_Snr", "SNR"), ("a_temp_supply", "Temp_supply"),
      ("a_supply air", "Supply Air"), ("a_kW", "kW"), ("plain", "Plain"), ("x_", "X_"),
      ("_a", "A"),
    ])
  func variables(_ tag: String, _ expected: String) {
    let now = Timestamp(microseconds: 0)
    let sensor = SensorRecord(
      id: 1, tag: tag, device: 1, deviceName: "", deviceSerial: "", clientID: "", asset: 1,
      assetTag: "", assetName: "", siteName: "", metric: "", unit: "", thresholds: .empty,
      createdAt: now, updatedAt: now)
    #expect(sensor.variableName == expected)
  }

  @Test("a device is shown by the end of a long serial number")
  func displayNames() {
    #expect(DeviceRecord.displayName("12345", "n") == "Device 2345")
    #expect(DeviceRecord.displayName("1234", "n") == "n")
  }
}
