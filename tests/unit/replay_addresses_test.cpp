// Addresses: captured device addresses, wherever they stand, become this device's.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "replay/addresses.h"

namespace reprise {
namespace {

constexpr VkDeviceAddress kThen = 0x7f1234560000, kNow = 0x550000000;
constexpr VkDeviceSize kSize = 4096;

Addresses::Object buffer(uint64_t number) { return {HandleKind::kVkBuffer, number}; }

class AddressesTest : public testing::Test {
 protected:
  AddressesTest() {
    addresses.created(buffer(1), kSize);
    addresses.learn(buffer(1), kThen, kNow);
  }
  void write(VkDeviceSize at, const void* bytes, size_t size) {
    addresses.write(words, memory, at, {static_cast<const std::byte*>(bytes), size});
    std::memcpy(captured.data() + at, bytes, size);
  }
  void write(VkDeviceSize at, uint64_t word) { write(at, &word, sizeof word); }
  static uint64_t at(const std::vector<std::byte>& in, VkDeviceSize offset) {
    uint64_t word;
    std::memcpy(&word, in.data() + offset, sizeof word);
    return word;
  }

  Addresses addresses;
  Addresses::Words words;
  std::vector<std::byte> memory{512}, captured{512};
};

TEST_F(AddressesTest, AnAddressInsideOrAtTheEndOfAnObject) {
  EXPECT_EQ(addresses.liveOf(kThen), kNow);
  EXPECT_EQ(addresses.liveOf(kThen + 100), kNow + 100);
  EXPECT_EQ(addresses.liveOf(kThen + kSize), kNow + kSize);
  EXPECT_EQ(addresses.liveOf(kThen + kSize + 1), kThen + kSize + 1);
  EXPECT_EQ(addresses.liveOf(kThen - 1), kThen - 1);
  EXPECT_EQ(addresses.liveOf(0), 0u);
}

TEST_F(AddressesTest, OnesThatAreAsTheyWereNeedNoLookingFor) {
  EXPECT_TRUE(addresses.any());
  addresses.learn(buffer(1), kThen, kThen);  // made anew, where it was
  EXPECT_FALSE(addresses.any());
  addresses.created(buffer(2), kSize);
  addresses.learn(buffer(2), kThen - kSize, kNow);
  EXPECT_TRUE(addresses.any());
  EXPECT_EQ(addresses.liveOf(kThen), kThen) << "not the end of the one before";
  addresses.destroyed(buffer(2));
  EXPECT_FALSE(addresses.any());
}

TEST_F(AddressesTest, WhereOneEndsTheNextBegins) {
  addresses.created(buffer(2), kSize);
  addresses.learn(buffer(2), kThen + kSize, 2 * kNow);
  EXPECT_EQ(addresses.liveOf(kThen + kSize), 2 * kNow);
  addresses.destroyed(buffer(2));
  EXPECT_EQ(addresses.liveOf(kThen + kSize), kNow + kSize);
}

TEST_F(AddressesTest, ObjectsThatLieInOthers) {
  addresses.created(buffer(2), 64);
  addresses.learn(buffer(2), kThen + 256, 2 * kNow);
  EXPECT_EQ(addresses.liveOf(kThen + 256 + 8), 2 * kNow + 8);
  EXPECT_EQ(addresses.liveOf(kThen + 256 + 72), kNow + 256 + 72);
  EXPECT_EQ(addresses.liveOf(kThen + 2048), kNow + 2048);
  addresses.created(buffer(3), kSize);
  addresses.learn(buffer(3), kThen, 3 * kNow);  // the same memory, by another name
  EXPECT_EQ(addresses.liveOf(kThen + 16), 3 * kNow + 16);
  addresses.destroyed(buffer(3));
  EXPECT_EQ(addresses.liveOf(kThen + 16), kNow + 16);
}

TEST_F(AddressesTest, AHandleThatIsGivenOutAgain) {
  addresses.destroyed(buffer(1));
  EXPECT_FALSE(addresses.any());
  EXPECT_EQ(addresses.liveOf(kThen), kThen);
  addresses.created(buffer(1), 16);
  addresses.learn(buffer(1), kThen + 0x10000, kNow);
  EXPECT_EQ(addresses.liveOf(kThen), kThen);
  EXPECT_EQ(addresses.liveOf(kThen + 0x10008), kNow + 8);
  addresses.learn({HandleKind::kVkAccelerationStructureKHR, 1}, kThen,
                  kNow);  // never created: its size is unknown
  EXPECT_EQ(addresses.liveOf(kThen), kThen);
}

TEST_F(AddressesTest, ShaderDataAtFourBytes) {
  std::byte data[28]{};
  const uint64_t first = kThen + 4, second = kThen + 8;
  std::memcpy(data + 4, &first, 8);
  std::memcpy(data + 20, &second, 8);
  addresses.replaceIn(data);
  uint64_t found = 0;
  std::memcpy(&found, data + 4, 8);
  EXPECT_EQ(found, kNow + 4);
  std::memcpy(&found, data + 20, 8);
  EXPECT_EQ(found, kNow + 8);
}

TEST_F(AddressesTest, MemoryHoldsLiveWordsInPlaceOfCapturedOnes) {
  write(64, kThen + 12);
  write(72, 12345);
  EXPECT_EQ(at(memory, 64), kNow + 12);
  EXPECT_EQ(at(memory, 72), 12345u);
  write(64, 99);
  EXPECT_EQ(at(memory, 64), 99u);
  EXPECT_TRUE(words.empty());
}

TEST_F(AddressesTest, AChangeOfPartOfAWordIsOneOfTheCapturedWord) {
  write(64, kThen);
  const uint16_t offset = 0x120;
  write(64, &offset, 1);  // the lowest byte
  EXPECT_EQ(at(memory, 64), kNow + 0x20);
  write(65, reinterpret_cast<const std::byte*>(&offset) + 1, 1);
  EXPECT_EQ(at(memory, 64), kNow + 0x120);
  const uint32_t high = 0;
  write(68, &high, 4);  // no address any more
  EXPECT_EQ(at(memory, 64), at(captured, 64));
  const uint64_t word = kThen + 7;
  write(128 + 4, reinterpret_cast<const std::byte*>(&word) + 4, 4);
  write(128, &word, 4);  // in halves
  EXPECT_EQ(at(memory, 128), kNow + 7);
}

TEST_F(AddressesTest, WhatTheGpuWroteOverAWordIsNotTakenForIt) {
  write(64, kThen + 8);
  const uint64_t by_gpu = 0x1111111111111111;
  std::memcpy(memory.data() + 64, &by_gpu, 8);
  const std::byte one{0x22};
  write(64, &one, 1);
  EXPECT_EQ(at(memory, 64), 0x1111111111111122u);
}

TEST_F(AddressesTest, TheLastBytesOfMemoryAreNoWord) {
  memory.resize(20);
  const uint64_t word[2] = {kThen, kThen};
  addresses.write(words, memory, 8, {reinterpret_cast<const std::byte*>(word), 12});
  EXPECT_EQ(at(memory, 8), kNow);
  EXPECT_EQ(std::memcmp(memory.data() + 16, word, 4), 0);
}

// Any order of changes of any size: the memory is the captured one with each address replaced.
TEST_F(AddressesTest, RandomChanges) {
  std::mt19937 random(5);
  const auto number = [&](size_t below) { return random() % below; };
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> change(1 + number(round % 3 == 0 ? 100 : 12));
    const VkDeviceSize begin = number(captured.size() - change.size() + 1);
    std::memcpy(change.data(), captured.data() + begin, change.size());
    for (int i = 0; i < 3; ++i) {  // addresses, parts of them, and numbers
      const uint64_t word = number(3) == 0 ? random() : kThen + number(kSize);
      const VkDeviceSize place = number(captured.size() / 8) * 8;
      for (VkDeviceSize k = 0; k < 8; ++k)
        if (place + k >= begin && place + k < begin + change.size())
          change[place + k - begin] = reinterpret_cast<const std::byte*>(&word)[k];
    }
    write(begin, change.data(), change.size());
    for (VkDeviceSize word = 0; word < captured.size(); word += 8)
      ASSERT_EQ(at(memory, word), addresses.liveOf(at(captured, word))) << round << " " << word;
  }
  EXPECT_NE(addresses.summary(), "");
}

}  // namespace
}  // namespace reprise
