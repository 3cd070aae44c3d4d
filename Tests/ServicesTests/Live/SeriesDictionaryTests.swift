// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@testable import Services

@Suite("Series dictionary")
struct SeriesDictionaryTests {
  @Test("lists sensors by key and numbers them by arrival")
  func order() {
    var dictionary = SeriesDictionary()
    for key in [5, 1, 3, 1] as [Int64] { dictionary.add(.sample(key)) }
    #expect(dictionary.announcements == 3)
    #expect(dictionary.all().map(\.key) == [1, 3, 5])
    #expect(dictionary.announced(since: 1).map(\.key) == [1, 3])
  }

  @Test("a sensor whose unit changed is announced again")
  func redefinition() {
    var dictionary = SeriesDictionary()
    dictionary.add(.sample(1))
    dictionary.add(.sample(2))
    #expect(!dictionary.knows(.sample(1, unit: "°F")))
    dictionary.add(.sample(1, unit: "°F"))
    #expect(dictionary.announced(since: 2).map(\.unit) == ["°F"])
    #expect(dictionary.all().map(\.unit) == ["°F", "°C"])
  }
}
