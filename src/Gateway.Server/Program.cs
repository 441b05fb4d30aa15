using Gateway.Server.Commands;

return await GatewayCommand.RunAsync(args);
