// reprise manual: the manual page and bash's completion, from the very table of options that --help prints.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "The build makes both and installs them, as share/man/man1/reprise.1 and as\n"
    "share/bash-completion/completions/reprise.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 standard output cannot be written.\n"
    "\n"
    "Example:\n"
    "  reprise manual | man -l -\n"
    "  source <(reprise manual bash)";

bool isShown(const CLI::Option& option) { return !option.get_group().empty(); }

std::vector<const CLI::App*> verbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

// ---- the manual page

// Text that roff leaves as it is: no commands at a line's start, no escapes, hyphens that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    at_start = c == '\n';
  }
  return out;
}

std::string preformatted(const std::string& text) {
  return text.empty() ? "" : ".PP\n.nf\n" + roff(text) + "\n.fi\n";
}

std::string optionEntries(const CLI::App& of) {
  const CLI::Formatter formatter;
  std::string out;
  for (const bool positional : {true, false}) {
    for (const CLI::Option* option : of.get_options()) {
      if (!isShown(*option) || option->get_positional() != positional) continue;
      out += ".TP\n.B \"" + roff(formatter.make_option_name(option, positional)) + "\"" +
             roff(formatter.make_option_opts(option)) + "\n" + roff(formatter.make_option_desc(option)) +
             "\n";
    }
  }
  return out;
}

std::string manualPage(const CLI::App& app) {
  std::string out =
      ".TH REPRISE 1 \"\" \"reprise " REPRISE_VERSION "\" \"User Commands\"\n.SH NAME\nreprise \\- " +
      roff("record what a Vulkan program asks of the driver, play it back, and show it") + "\n.SH SYNOPSIS\n";
  for (const CLI::App* verb : verbsOf(app))
    out += ".B reprise " + roff(verb->get_name()) + "\n[OPTIONS] ...\n.br\n";
  out += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n" + optionEntries(app) +
         preformatted(app.get_footer());
  for (const CLI::App* verb : verbsOf(app))
    out += ".SH \"REPRISE " + roff(verb->get_name()) + "\"\n" + roff(verb->get_description()) + "\n" +
           optionEntries(*verb) + preformatted(verb->get_footer());
  return out;
}

// ---- completion

// "{text,json}" of the check that an option's values have: those values.
std::string choicesOf(CLI::Option& option) {
  const CLI::Validator* check = nullptr;
  try {
    check = option.get_validator(0);
  } catch (const CLI::OptionNotFound&) {  // it has none
    return "";
  }
  std::string text = check->get_description();
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return "";
  text = text.substr(1, text.size() - 2);
  for (char& c : text)
    if (c == ',') c = ' ';
  return text;
}

std::string optionWords(const CLI::App& of) {
  std::string words;
  for (const CLI::Option* option : of.get_options()) {
    if (!isShown(*option)) continue;
    for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  }
  return words;
}

// A line of `case`: the values of each option of a verb that has a list of them, or is a verb's argument.
std::string valueCases(CLI::App& verb) {
  std::string out;
  for (CLI::Option* option : verb.get_options([](CLI::Option* one) { return isShown(*one); })) {
    const std::string choices = choicesOf(*option);
    if (choices.empty()) continue;
    for (const std::string& name : option->get_lnames())
      out += "    " + verb.get_name() + ":--" + name + ") values='" + choices + "' ;;\n";
    if (option->get_positional())
      out += "    " + verb.get_name() + ":" + verb.get_name() + ") values='" + choices + "' ;;\n";
  }
  return out;
}

std::string completion(CLI::App& app) {
  std::string verbs, values, options;
  for (CLI::App* verb : app.get_subcommands([](CLI::App* one) { return !one->get_name().empty(); })) {
    verbs += (verbs.empty() ? "" : " ") + verb->get_name();
    values += valueCases(*verb);
    options += "    " + verb->get_name() + ") options='" + optionWords(*verb) + "' ;;\n";
  }
  return "# bash completion of reprise; made by `reprise manual bash`.\n"
         "_reprise() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' values='' "
         "options=''\n"
         "  [ \"$COMP_CWORD\" -lt 2 ] || verb=${COMP_WORDS[1]}\n"
         "  case $verb:$before in\n" +
         values +
         "  esac\n"
         "  case $verb in\n"
         "    '') options='" +
         verbs + " " + optionWords(app) + "' ;;\n" + options +
         "  esac\n"
         "  if [ -n \"$values\" ] && [[ $word != -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
         "  elif [ -z \"$verb\" ] || [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  elif [ \"$verb\" = capture ] && [[ $before != -* ]]; then\n"
         "    COMPREPLY=($(compgen -c -- \"$word\"))\n"
         "  else\n"
         "    COMPREPLY=()  # files, by the option below\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _reprise reprise\n";
}

}  // namespace

void addManual(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("manual", "Print the manual page, or bash's completion");
  verb->footer(kFooter);
  auto form = std::make_shared<std::string>("man");
  verb->add_option("FORM", *form, "man (unless given) or bash")
      ->check(CLI::IsMember({"man", "bash"}))
      ->type_name("");
  verb->callback([&app, &run, form] {
    run = [&app, form] {
      std::fputs((*form == "man" ? manualPage(app) : completion(app)).c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace reprise
