// How the rows of feature_rules.cpp and pipeline_rules.cpp are written: a feature, its rule, and a test of a
// decoded call.
#pragma once

#include <algorithm>
#include <vector>

#include "replay/feature_rules.h"

namespace reprise {

template <class C, class F>
FeatureRule row(std::string_view feature, std::string_view rule, F) {
  return {feature, rule, C::kId, [](const void* packet, const FormatsHere& here) {
            const C& call = *static_cast<const C*>(packet);
            if constexpr (requires { F{}(call, here); })
              return bool(F{}(call, here));
            else
              return bool(F{}(call));
          }};
}

template <class C>
FeatureRule whenCalled(std::string_view feature, std::string_view rule) {
  return row<C>(feature, rule, [](const C&) { return true; });
}

// f(element) of any of them.
template <class T, class F>
bool any(const T* elements, uint32_t count, F&& f) {
  return elements && std::any_of(elements, elements + count, f);
}

void addPipelineRules(std::vector<FeatureRule>& rules);

}  // namespace reprise
