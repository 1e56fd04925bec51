#include "replay/gpu_choice.h"

#include <cctype>

namespace reprise {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool isCalled(const std::string& name, const std::string& wanted) {
  return !wanted.empty() && lower(name).find(lower(wanted)) != std::string::npos;
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i)
    list += (i == 0 ? "" : ", ") + std::to_string(i) + " is " + names[i];
  return list;
}

}  // namespace

Result<size_t> chooseGpu(const std::vector<std::string>& names, const GpuWish& wish) {
  if (names.empty()) return Status(Code::kCannotRun, "this machine has no Vulkan device");
  const std::string& wanted = wish.option.empty() ? wish.described : wish.option;
  if (!wish.option.empty() && wanted.find_first_not_of("0123456789") == std::string::npos &&
      wanted.size() < 6) {
    const size_t number = std::stoul(wanted);
    if (number < names.size()) return number;
    return Status(Code::kCannotRun, "there is no device " + wanted + " on this machine: " + listed(names));
  }
  // Two may have one name.
  if (wish.option.empty() && wish.index < names.size() && isCalled(names[wish.index], wanted))
    return wish.index;
  for (size_t i = 0; i < names.size(); ++i)
    if (isCalled(names[i], wanted)) return i;
  if (!wish.option.empty())
    return Status(Code::kCannotRun,
                  "no device of this machine is called " + wish.option + ": " + listed(names));
  return wish.index < names.size() ? wish.index : size_t(0);
}

}  // namespace reprise
