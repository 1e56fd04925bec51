// Waiting, at replay, for what the capture saw done: progress of the GPU is not repeated call by call.
//
// A wait is limited by Player::kWaitLimitNs, so that a trace can never hang its replay. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "replay/issue.h"

namespace reprise {

// Repeats a query until it says what it said at capture.
template <class C>
Status repeatUntilAsCaptured(Player& player, C& call, const C& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  Status status = mapInputs(player, call);
  if (status && !Player::has(player.dispatch(), C::kId)) status = player.missing(C::kId);
  if (!status) return status;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(Player::kWaitLimitNs);
  for (;;) {
    invoke(player.dispatch(), call);
    player.noticeLoss(captured.result, call.result);
    if (call.result == captured.result) return Status::ok();
    if (call.result < 0 || captured.result < 0) {
      (void)player.resultsAgree(captured.result, call.result);
      return Status::ok();
    }
    if (std::chrono::steady_clock::now() > deadline) return player.waitedInVain();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

// A wait that succeeded at capture is given kWaitLimitNs; one that never returned gets what it asked for, at
// most.
template <class C>
Status waitAsCaptured(Player& player, C& call, const C& captured) {
  const bool returned = player.event().has_outputs;
  if (returned && hadNoEffect(captured.result)) return Status::ok();
  Status status = mapInputs(player, call);
  if (status && !Player::has(player.dispatch(), C::kId)) status = player.missing(C::kId);
  if (!status) return status;
  call.timeout = returned ? Player::kWaitLimitNs : std::min<uint64_t>(call.timeout, Player::kWaitLimitNs);
  invoke(player.dispatch(), call);
  if (!returned) return Status::ok();
  player.noticeLoss(captured.result, call.result);
  if (call.result == VK_TIMEOUT) return player.waitedInVain();
  (void)player.resultsAgree(captured.result, call.result);
  return Status::ok();
}

}  // namespace reprise
