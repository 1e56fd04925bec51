#include "tools/report/object_rows.h"

namespace reprise {

uint32_t ObjectRows::rowOf(const ObjectName& object) const {
  const std::vector<uint32_t>& rows = by_number_[size_t(object.kind)];
  return object.number == 0 || object.number > rows.size() ? 0 : rows[object.number - 1];
}

ObjectRow* ObjectRows::find(const ObjectName& object) {
  const uint32_t row = rowOf(object);
  return row == 0 ? nullptr : &rows_[row - 1];
}

ObjectRow* ObjectRows::make(const ObjectName& object, const CallPlace& place) {
  ++made_[size_t(object.kind)];
  if (object.number == 0 || object.number > limits_.most_of_kind || rows_.size() >= limits_.most)
    return nullptr;
  std::vector<uint32_t>& places = by_number_[size_t(object.kind)];
  if (places.size() < object.number) places.resize(object.number, 0);
  rows_.push_back({});
  places[object.number - 1] = static_cast<uint32_t>(rows_.size());
  ObjectRow& row = rows_.back();
  row.kind = object.kind;
  row.number = static_cast<uint32_t>(object.number);
  row.made = place;
  return &row;
}

void ObjectRows::end(const ObjectName& object, const CallPlace& place) {
  ObjectRow* row = find(object);
  if (row == nullptr || row->ended) return;
  row->ended = true;
  row->end = place;
}

void ObjectRows::name(const ObjectName& object, std::string_view name) {
  constexpr size_t kOverhead = 64;  // of a name in the tables
  ObjectRow* row = find(object);
  if (row == nullptr) return;
  row->name = 0;  // an empty name takes an earlier one away
  if (name.empty()) return;
  const std::string cut(name.substr(0, kNameBytes));
  const auto known = name_places_.find(cut);
  if (known != name_places_.end()) {
    row->name = known->second;
  } else if (name_bytes_ + cut.size() + kOverhead > limits_.most_name_bytes) {
    ++names_left_;
  } else {
    name_bytes_ += cut.size() + kOverhead;
    names_.push_back(cut);
    row->name = name_places_[cut] = static_cast<uint32_t>(names_.size());
  }
}

void ObjectRows::bind(const ObjectName& object, const ObjectName& memory, uint32_t text) {
  ObjectRow* row = find(object);
  if (row == nullptr) return;
  row->memory = rowOf(memory);
  row->bound_text = text;
}

void ObjectRows::chain(const std::vector<VkStructureType>& structs, const CallPlace& place,
                       const std::vector<ObjectName>& made) {
  for (const VkStructureType type : structs) {
    ChainedStruct& known = structs_[type];
    if (known.calls++ == 0) known.first = place;
    known.objects += made.size();
    for (const ObjectName& object : made) {
      const uint32_t row = rowOf(object);
      if (row != 0 && known.rows.size() < ChainedStruct::kMostRows) known.rows.push_back(row - 1);
    }
  }
}

}  // namespace reprise
