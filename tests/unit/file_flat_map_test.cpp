// FlatMap against a map of the standard library, with keys that collide.
#include "format/flat_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <unordered_map>

namespace reprise {
namespace {

struct Colliding {
  uint64_t value = 0;
  bool operator==(const Colliding&) const = default;
  uint64_t hash() const { return (value % 7) << 32; }  // long runs, which wrap around the end of the table
};

TEST(FlatMap, AgreesWithAnOrdinaryMap) {
  FlatMap<Colliding, std::shared_ptr<int>> flat;
  std::unordered_map<uint64_t, int> plain;
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t key = random() % 60;
    if (random() % 2) {
      flat[{key}] = std::make_shared<int>(round);
      plain[key] = round;
    } else {
      EXPECT_EQ(flat.erase({key}), plain.erase(key) == 1);
    }
    ASSERT_EQ(flat.size(), plain.size());
    for (uint64_t k = 0; k < 60; ++k) {
      const std::shared_ptr<int>* found = flat.find({k});
      const auto expected = plain.find(k);
      ASSERT_EQ(found != nullptr, expected != plain.end()) << k;
      if (found != nullptr) {
        ASSERT_EQ(**found, expected->second);
      }
    }
  }
}

TEST(FlatMap, GivesBackWhatItHeld) {
  const auto held = std::make_shared<int>(1);
  FlatMap<Colliding, std::shared_ptr<int>> flat;
  for (uint64_t key = 0; key < 1000; ++key) flat[{key}] = held;
  for (uint64_t key = 0; key < 500; ++key) flat.erase({key});
  EXPECT_EQ(held.use_count(), 501);
  flat.clear();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace reprise
